import { cellTitle } from './cell-title.ts';
import type { Cell } from './measure-cell.ts';

/** Ways to run Tokenflare that are held against other engines. */
export const PEER_COLUMNS = [
  'wasm-f32',
  'wasm-f32-node24',
  'wasm-int8-node20',
  'wasm-int8-node24',
  'native-f32',
  'native-int8',
] as const;
export type PeerColumn = (typeof PEER_COLUMNS)[number];

/** Engines that a user would pick instead, and how they are used. */
export const PEERS = {
  'tjs-fp32': 'transformers.js fp32, one static batch',
  'tjs-q8': 'transformers.js q8, one static batch',
  'tjs-q8-each': 'transformers.js q8, a call for each stream by Promise.all',
  'llama-f32': 'node-llama-cpp F32',
  'llama-f16': 'node-llama-cpp F16',
  'llama-q8_0': 'node-llama-cpp Q8_0',
} as const;
export type Peer = keyof typeof PEERS;
export const PEER_NAMES: readonly Peer[] = [
  'tjs-fp32',
  'tjs-q8',
  'tjs-q8-each',
  'llama-f32',
  'llama-f16',
  'llama-q8_0',
];

export const PEER_ROWS = [
  'decode-1',
  'decode-8',
  'decode-16',
  'server-8',
  'llama-16',
  'requests-1',
  'requests-8',
  'requests-16',
  'requests-server-8',
  'requests-llama-16',
  'ttft',
] as const;
export type PeerRow = (typeof PEER_ROWS)[number];

export const PROMPT_TOKENS = 128;
export const MAX_TOKENS = 64;

const streamsCell = (kind: 'decode' | 'requests', streams: number): Cell => ({
  kind,
  streams,
  promptTokens: PROMPT_TOKENS,
  maxTokens: MAX_TOKENS,
});
const DECODE_1 = streamsCell('decode', 1);
const DECODE_8 = streamsCell('decode', 8);
const DECODE_16 = streamsCell('decode', 16);
const REQUESTS_1 = streamsCell('requests', 1);
const REQUESTS_8 = streamsCell('requests', 8);
const REQUESTS_16 = streamsCell('requests', 16);
const TTFT: Cell = { kind: 'ttft', promptTokens: PROMPT_TOKENS };

/** Each cell once, in the order of measuring. */
export const PEER_CELLS: readonly Cell[] = [
  DECODE_1,
  DECODE_8,
  DECODE_16,
  REQUESTS_1,
  REQUESTS_8,
  REQUESTS_16,
  TTFT,
];

/** Those that a row is held against: of several the best counts. */
interface Opponents {
  title: string;
  peersOf: (column: PeerColumn) => readonly Peer[];
}

/** Like is held against like: 8-bit weights against 8-bit weights. */
const sameWidth = (title: string): Opponents => ({
  title,
  peersOf: (column) => [column.includes('int8') ? 'tjs-q8' : 'tjs-fp32'],
});
const ALONE = sameWidth('transformers.js (int8: q8, f32: fp32)');
const BATCH_OF_8 = sameWidth('its static batch of 8');
const BATCH_OF_16 = sameWidth('its static batch of 16');
const PLAIN_SERVER: Opponents = {
  title: 'a plain server over transformers.js q8 (8 by Promise.all)',
  peersOf: () => ['tjs-q8-each'],
};
const LLAMA: Opponents = {
  title: "node-llama-cpp's best of F32, F16, Q8_0",
  peersOf: () => ['llama-f32', 'llama-f16', 'llama-q8_0'],
};
const FIRST_TOKEN: Opponents = {
  title: 'transformers.js (native: q8, else fp32; lower is better)',
  peersOf: (column) => [column === 'native-int8' ? 'tjs-q8' : 'tjs-fp32'],
};

export interface Bar {
  cell: Cell;
  against: Opponents;
  /** Ours divided by theirs: at least so much for a rate, at most for a time. */
  bars: Readonly<Record<PeerColumn, number>>;
}

/** Of wasm in float32, int8 on Node 20 and int8 on Node 24; of the native kernels in float32 and int8. */
const barsOf = (...bars: readonly [number, number, number, number, number]): Record<PeerColumn, number> => ({
  'wasm-f32': bars[0],
  'wasm-f32-node24': bars[0],
  'wasm-int8-node20': bars[1],
  'wasm-int8-node24': bars[2],
  'native-f32': bars[3],
  'native-int8': bars[4],
});
/** Wasm as fast as they are; native in float32 and in int8 as many times as fast as given. */
const asFast = (float32: number, int8: number): Record<PeerColumn, number> => barsOf(1, 1, 1, float32, int8);

export const PEER_BARS: Readonly<Record<PeerRow, Bar>> = {
  'decode-1': { cell: DECODE_1, against: ALONE, bars: barsOf(1.1, 1.9, 2.3, 1.2, 3) },
  'decode-8': { cell: DECODE_8, against: BATCH_OF_8, bars: barsOf(1.5, 2, 3, 2, 3.5) },
  'decode-16': { cell: DECODE_16, against: BATCH_OF_16, bars: barsOf(1.5, 1.8, 3, 2.5, 4) },
  'server-8': { cell: DECODE_8, against: PLAIN_SERVER, bars: barsOf(2, 3, 4, 3.5, 4) },
  'llama-16': { cell: DECODE_16, against: LLAMA, bars: barsOf(1.8, 2.8, 4, 3, 4) },
  'requests-1': { cell: REQUESTS_1, against: ALONE, bars: asFast(1, 2.5) },
  'requests-8': { cell: REQUESTS_8, against: BATCH_OF_8, bars: asFast(2, 3.5) },
  'requests-16': { cell: REQUESTS_16, against: BATCH_OF_16, bars: asFast(3, 4) },
  'requests-server-8': { cell: REQUESTS_8, against: PLAIN_SERVER, bars: asFast(2, 3.5) },
  'requests-llama-16': { cell: REQUESTS_16, against: LLAMA, bars: asFast(3, 4) },
  ttft: { cell: TTFT, against: FIRST_TOKEN, bars: barsOf(3, 2, 1.2, 0.9, 0.9) },
};

/** What a row compares, in words. */
export function barTitle(row: PeerRow): string {
  const { cell, against } = PEER_BARS[row];
  return `${cellTitle(cell)}, against ${against.title}`;
}

export interface PeerSelection {
  columns: readonly PeerColumn[];
  rows: readonly PeerRow[];
}

/** What a contender has to run for the selection; nothing when it has no part in it. */
export function cellsOf(contender: PeerColumn | Peer, { columns, rows }: PeerSelection): Cell[] {
  const bars = rows
    .map((row) => PEER_BARS[row])
    .filter(({ against }) =>
      columns.some(
        (column) => column === contender || against.peersOf(column).some((peer) => peer === contender),
      ),
    );
  return PEER_CELLS.filter((cell) => bars.some((bar) => bar.cell === cell));
}
