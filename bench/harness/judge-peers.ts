import type { Cell } from './measure-cell.ts';
import { PEER_BARS, type Peer, type PeerColumn, type PeerRow, type PeerSelection } from './peer-bars.ts';
import { median } from '../../src/bench/latency-summary.ts';

/** What one contender measured in one trial. */
export interface PeerReading {
  contender: PeerColumn | Peer;
  cell: Cell;
  round: number;
  /** Tokens per second, or milliseconds. */
  values: readonly number[];
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export interface Verdict {
  row: PeerRow;
  column: PeerColumn;
  bar: number;
  /** Ours divided by theirs, of each round. */
  ratio: Spread;
  ours: Spread;
  /** Of the best peer in each round. */
  theirs: Spread;
  /** By the median of the ratios. */
  isMet: boolean;
}

/** `undefined` when there is nothing to spread. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Holds each column against each row's bar. Ratios are made of what was measured in the same round, since the machine
 * drifts from one to the next; a round that lacks a side, or one of several peers, has none.
 *
 * @returns no verdict where no round has a ratio
 */
export function judgePeers({ columns, rows }: PeerSelection, readings: readonly PeerReading[]): Verdict[] {
  return rows.flatMap((row) => columns.flatMap((column) => judge(row, column, readings) ?? []));
}

/** How many tokens two greedy texts have in common before they part. */
export function numAlike(one: readonly number[], other: readonly number[]): number {
  const parting = one.findIndex((token, index) => token !== other[index]);
  return parting === -1 ? one.length : parting;
}

function judge(row: PeerRow, column: PeerColumn, readings: readonly PeerReading[]): Verdict | undefined {
  const { cell, against, bars } = PEER_BARS[row];
  const isTime = cell.kind === 'ttft';
  const oursByRound = valuesByRound(column, cell, readings);
  const peers = against.peersOf(column).map((peer) => valuesByRound(peer, cell, readings));
  const rounds = [...oursByRound].flatMap(([round, ours]) => {
    const values = peers.flatMap((byRound) => byRound.get(round) ?? []);
    if (values.length < peers.length) return [];
    const theirs = isTime ? Math.min(...values) : Math.max(...values);
    return [{ ours, theirs, ratio: ours / theirs }];
  });
  const ratio = spreadOf(rounds.map((round) => round.ratio));
  const ours = spreadOf(rounds.map((round) => round.ours));
  const theirs = spreadOf(rounds.map((round) => round.theirs));
  if (ratio === undefined || ours === undefined || theirs === undefined) return undefined;
  const bar = bars[column];
  return { row, column, bar, ratio, ours, theirs, isMet: isTime ? ratio.median <= bar : ratio.median >= bar };
}

/** A trial that gave several values counts by their median. */
function valuesByRound(
  contender: PeerColumn | Peer,
  cell: Cell,
  readings: readonly PeerReading[],
): Map<number, number> {
  const own = readings.filter(
    (one) => one.contender === contender && one.cell === cell && one.values.length > 0,
  );
  return new Map(own.map(({ round, values }) => [round, median(values)]));
}
