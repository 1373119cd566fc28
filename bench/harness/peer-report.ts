import { formatNumber, toMarkdown } from './comparison-table.ts';
import { spreadOf, type PeerReading, type Spread, type Verdict } from './judge-peers.ts';
import { describeTimes, type MeasuredRun } from './measured-run.ts';
import { cellTitle } from './cell-title.ts';
import { barTitle, PEER_CELLS, type Peer, type PeerColumn, type PeerSelection } from './peer-bars.ts';
import { median } from '../../src/bench/latency-summary.ts';

export interface PeerContender {
  name: PeerColumn | Peer;
  /** What it is, with versions; or, with `failure`, what was asked for. */
  description: string;
  /** How long its greedy text of one prompt is that of the first contender: all of them must compute one model. */
  textAlike?: { with: PeerColumn | Peer; numTokens: number; of: number };
  /** Why it could not run, or not go on. */
  failure?: string;
}

export interface PeerReport extends MeasuredRun {
  selection: PeerSelection;
  rounds: number;
  contenders: readonly PeerContender[];
  readings: readonly PeerReading[];
  verdicts: readonly Verdict[];
  /** Trials beside which others were at work: with any, there is no judgement. */
  disturbances: readonly string[];
}

/** Markdown: the bars, the figures behind them, who took part, where and how it was measured. */
export function formatPeerReport(report: PeerReport): string {
  return [
    formatVerdicts(report),
    formatFigures(report),
    report.contenders.map(describeContender).join('\n'),
    describeRun(report),
    describeJudgement(report),
  ].join('\n\n');
}

function formatVerdicts({
  selection: { rows, columns },
  contenders,
  verdicts,
  disturbances,
}: PeerReport): string {
  const head = ['ours divided by theirs: median (lowest to highest)', ...columns.map(columnTitle)];
  const isJudged = disturbances.length === 0;
  const lines = rows.map((row) => [
    barTitle(row),
    ...columns.map((column) => {
      const verdict = verdicts.find((one) => one.row === row && one.column === column);
      if (verdict !== undefined) return formatVerdict(verdict, isJudged);
      return contenders.some(({ name, failure }) => name === column && failure !== undefined)
        ? 'cannot run'
        : '–';
    }),
  ]);
  return toMarkdown([head, head.map(() => '---'), ...lines]);
}

function formatVerdict({ ratio, bar, isMet }: Verdict, isJudged: boolean): string {
  return `${formatSpread(ratio, formatRatio)}; bar ${bar}${isJudged ? (isMet ? ': met' : ': **missed**') : ''}`;
}

function columnTitle(column: PeerColumn): string {
  const [runtime, weights, node] = column.split('-');
  return `${runtime} ${weights}${node === undefined ? '' : `, Node ${node.slice('node'.length)}`}`;
}

function formatFigures({ contenders, readings }: PeerReport): string {
  const cells = PEER_CELLS.filter((cell) => readings.some((reading) => reading.cell === cell));
  const head = [
    '',
    ...cells.map((cell) => (cell.kind === 'ttft' ? `${cellTitle(cell)}, ms` : cellTitle(cell))),
  ];
  const lines = contenders.map(({ name }) => [
    `\`${name}\``,
    ...cells.map((cell) => {
      const own = readings.filter((reading) => reading.contender === name && reading.cell === cell);
      const spread = spreadOf(
        own.filter(({ values }) => values.length > 0).map(({ values }) => median(values)),
      );
      return spread === undefined ? '–' : formatSpread(spread, formatNumber);
    }),
  ]);
  return toMarkdown([head, head.map(() => '---'), ...lines]);
}

/** `1.23 (1.10–1.31)` */
function formatSpread({ median: middle, min, max }: Spread, format: (value: number) => string): string {
  return `${format(middle)} (${format(min)}–${format(max)})`;
}

function formatRatio(ratio: number): string {
  return ratio.toFixed(2);
}

function describeContender({ name, description, textAlike, failure }: PeerContender): string {
  const text =
    textAlike === undefined
      ? ''
      : `; greedy text as \`${textAlike.with}\` for ${textAlike.numTokens} of ${textAlike.of} tokens`;
  return `- \`${name}\`: ${description}${text}${failure === undefined ? '' : `; failed: ${failure}`}`;
}

function describeRun(report: PeerReport): string {
  const { rounds } = report;
  const { cpu, numCores, memoryBytes, platform, nodeVersion } = report.machine;
  const [decode] = PEER_CELLS.filter((cell) => cell.kind === 'decode');
  const lengths =
    decode === undefined ? '' : `prompts of ${decode.promptTokens} tokens, ${decode.maxTokens} new, greedy; `;
  return (
    `${cpu}, ${numCores} cores, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB, ${platform}, Node ${nodeVersion}, ` +
    `${describeTimes(report)}. GPT-2 small (124M, random weights), ${lengths}` +
    `Tokenflare through HTTP and SSE, the others in process. Decode counts tokens while all streams decode, behind ` +
    `prompts that Tokenflare has in its prefix cache, and that the others compute before. Whole requests and TTFT are ` +
    `of prompts that no cache knows; of whole requests the new tokens are counted, from sending to the last of them. ` +
    `All in turn, cell by cell; ratios are of one round, medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.`
  );
}

function describeJudgement({ verdicts, disturbances, selection: { rows, columns } }: PeerReport): string {
  if (disturbances.length > 0) {
    return `Not judged, for the machine was busy:\n${disturbances.map((trial) => `- ${trial}`).join('\n')}`;
  }
  const numMet = verdicts.filter(({ isMet }) => isMet).length;
  const numOpen = rows.length * columns.length - verdicts.length;
  return `Bars met: ${numMet}; missed: ${verdicts.length - numMet}; not measured: ${numOpen}.`;
}
