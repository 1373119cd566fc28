import { describe, expect, it } from 'vitest';
import { judgePeers, numAlike, spreadOf, type PeerReading } from '../../../../bench/harness/judge-peers.ts';
import {
  barTitle,
  cellsOf,
  PEER_BARS,
  PEER_CELLS,
  PEER_COLUMNS,
  PEER_NAMES,
  PEER_ROWS,
  type Peer,
  type PeerColumn,
  type PeerRow,
} from '../../../../bench/harness/peer-bars.ts';

/** One value a round for the cell of a row. */
const readings = (contender: PeerColumn | Peer, row: PeerRow, ...values: readonly number[]): PeerReading[] =>
  values.map((value, round) => ({ contender, cell: PEER_BARS[row].cell, round, values: [value] }));

describe('spreadOf', () => {
  it('is the median between the lowest and the highest, and nothing of nothing', () => {
    expect(spreadOf([3, 1, 10])).toEqual({ median: 3, min: 1, max: 10 });
    expect(spreadOf([])).toBeUndefined();
  });
});

describe('judgePeers', () => {
  it('divides what was measured in the same round, and holds the median of that against the bar', () => {
    // The machine is twice as fast in the second round: the ratio of the medians would be 1.5.
    const verdicts = judgePeers({ columns: ['wasm-f32'], rows: ['decode-8'] }, [
      ...readings('wasm-f32', 'decode-8', 100, 240, 150),
      ...readings('tjs-fp32', 'decode-8', 50, 150, 100),
    ]);
    expect(verdicts).toEqual([
      {
        row: 'decode-8',
        column: 'wasm-f32',
        bar: 1.5,
        ratio: { median: 1.6, min: 1.5, max: 2 },
        ours: { median: 150, min: 100, max: 240 },
        theirs: { median: 100, min: 50, max: 150 },
        isMet: true,
      },
    ]);
  });

  it('holds 8-bit weights against 8-bit weights', () => {
    const both = [...readings('tjs-fp32', 'decode-1', 10), ...readings('tjs-q8', 'decode-1', 20)];
    const ratioOf = (column: PeerColumn): number | undefined =>
      judgePeers({ columns: [column], rows: ['decode-1'] }, [...both, ...readings(column, 'decode-1', 40)])[0]
        ?.ratio.median;
    expect(PEER_COLUMNS.map(ratioOf)).toEqual([4, 4, 2, 2, 4, 2]);
  });

  it('takes the best of several peers in each round', () => {
    const [verdict] = judgePeers({ columns: ['wasm-int8-node24'], rows: ['llama-16'] }, [
      ...readings('wasm-int8-node24', 'llama-16', 120, 120),
      ...readings('llama-f32', 'llama-16', 10, 10),
      ...readings('llama-f16', 'llama-16', 20, 40),
      ...readings('llama-q8_0', 'llama-16', 30, 24),
    ]);
    expect(verdict).toMatchObject({
      theirs: { min: 30, max: 40 },
      ratio: { median: 3.5, min: 3, max: 4 },
      isMet: false,
    });
  });

  it('wants times low: at the bar is met, above it is not, and a turn counts by its median', () => {
    const judge = (oursMs: readonly number[]): boolean | undefined =>
      judgePeers({ columns: ['native-f32'], rows: ['ttft'] }, [
        { contender: 'native-f32', cell: PEER_BARS.ttft.cell, round: 0, values: oursMs },
        ...readings('tjs-fp32', 'ttft', 80),
      ])[0]?.isMet;
    expect(judge([1, 72, 500])).toBe(true);
    expect(judge([1, 73, 500])).toBe(false);
  });

  it('has no verdict where a side, or one of several peers, is missing in every round', () => {
    const columns = ['wasm-f32', 'native-f32'] as const;
    const verdicts = judgePeers({ columns, rows: ['decode-1', 'llama-16'] }, [
      ...readings('wasm-f32', 'decode-1', 10),
      ...readings('wasm-f32', 'llama-16', 10),
      ...readings('tjs-fp32', 'decode-1', 5),
      ...readings('llama-f32', 'llama-16', 1),
      ...readings('llama-f16', 'llama-16', 1),
      { contender: 'llama-q8_0', cell: PEER_BARS['llama-16'].cell, round: 0, values: [] },
    ]);
    expect(verdicts.map(({ row, column }) => `${row} ${column}`)).toEqual(['decode-1 wasm-f32']);
  });
});

describe('barTitle', () => {
  it('says what is measured and against what, decode apart from whole requests', () => {
    expect(PEER_ROWS.map(barTitle)).toEqual([
      'decode tokens/s, prompts cached, 1 stream, against transformers.js (int8: q8, f32: fp32)',
      'decode tokens/s, prompts cached, 8 streams, against its static batch of 8',
      'decode tokens/s, prompts cached, 16 streams, against its static batch of 16',
      'decode tokens/s, prompts cached, 8 streams, against a plain server over transformers.js q8 (8 by Promise.all)',
      "decode tokens/s, prompts cached, 16 streams, against node-llama-cpp's best of F32, F16, Q8_0",
      'new tokens/s of whole requests, 1 at once, against transformers.js (int8: q8, f32: fp32)',
      'new tokens/s of whole requests, 8 at once, against its static batch of 8',
      'new tokens/s of whole requests, 16 at once, against its static batch of 16',
      'new tokens/s of whole requests, 8 at once, against a plain server over transformers.js q8 (8 by Promise.all)',
      "new tokens/s of whole requests, 16 at once, against node-llama-cpp's best of F32, F16, Q8_0",
      'TTFT, 128 tokens, against transformers.js (native: q8, else fp32; lower is better)',
    ]);
  });
});

describe('numAlike', () => {
  it('counts up to where two texts part', () => {
    expect(numAlike([1, 2, 3], [1, 2, 3])).toBe(3);
    expect(numAlike([1, 2, 3, 4], [1, 2, 9, 4])).toBe(2);
    expect(numAlike([1, 2, 3], [1])).toBe(1);
    expect(numAlike([1], [2])).toBe(0);
  });
});

describe('cellsOf', () => {
  const all = { columns: PEER_COLUMNS, rows: PEER_ROWS };

  it('gives a column every cell, and a peer those in which it is held against', () => {
    const titles = (contender: PeerColumn | Peer): string[] =>
      cellsOf(contender, all).map((cell) => (cell.kind === 'ttft' ? 'ttft' : `${cell.kind}-${cell.streams}`));
    const decodes = ['decode-1', 'decode-8', 'decode-16'];
    const requests = ['requests-1', 'requests-8', 'requests-16'];
    expect(titles('wasm-f32')).toEqual([...decodes, ...requests, 'ttft']);
    expect(Object.fromEntries(PEER_NAMES.map((peer) => [peer, titles(peer)]))).toEqual({
      'tjs-fp32': [...decodes, ...requests, 'ttft'],
      'tjs-q8': [...decodes, ...requests, 'ttft'],
      'tjs-q8-each': ['decode-8', 'requests-8'],
      'llama-f32': ['decode-16', 'requests-16'],
      'llama-f16': ['decode-16', 'requests-16'],
      'llama-q8_0': ['decode-16', 'requests-16'],
    });
    expect(PEER_CELLS).toHaveLength(7);
  });

  it('leaves out who has no part in the selection', () => {
    const selection = { columns: ['wasm-f32'], rows: ['decode-1', 'server-8'] } as const;
    expect(PEER_NAMES.filter((peer) => cellsOf(peer, selection).length > 0)).toEqual([
      'tjs-fp32',
      'tjs-q8-each',
    ]);
  });
});
