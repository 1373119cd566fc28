import type { Cell } from './measure-cell.ts';

/** Ways to run Tokenflare that are held against other engines. */
export const PEER_COLUMNS = [
  'wasm-f32',
  'wasm-f32-node24',
  'wasm-int8-node20',
  'wasm-int8-node24',
  'tensorflow-f32',
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

export const PEER_ROWS = ['decode-1', 'decode-8', 'decode-16', 'server-8', 'llama-16', 'ttft'] as const;
export type PeerRow = (typeof PEER_ROWS)[number];

export const PROMPT_TOKENS = 128;
export const MAX_TOKENS = 64;

const decode = (streams: number): Cell => ({
  kind: 'decode',
  streams,
  promptTokens: PROMPT_TOKENS,
  maxTokens: MAX_TOKENS,
});
const DECODE_1 = decode(1);
const DECODE_8 = decode(8);
const DECODE_16 = decode(16);
const TTFT: Cell = { kind: 'ttft', promptTokens: PROMPT_TOKENS };

/** Each cell once, in the order of measuring. */
export const PEER_CELLS: readonly Cell[] = [DECODE_1, DECODE_8, DECODE_16, TTFT];

export interface Bar {
  title: string;
  cell: Cell;
  /** Of several the best counts. */
  against: (column: PeerColumn) => readonly Peer[];
  /** Ours divided by theirs: at least so much for a rate, at most for a time. */
  bars: Readonly<Record<PeerColumn, number>>;
}

/** Like is held against like: 8-bit weights against 8-bit weights. */
const sameWidth = (column: PeerColumn): readonly Peer[] => [column.includes('int8') ? 'tjs-q8' : 'tjs-fp32'];

/** Of wasm in float32, int8 on Node 20, int8 on Node 24, and TensorFlow. */
const barsOf = (...bars: readonly [number, number, number, number]): Record<PeerColumn, number> => ({
  'wasm-f32': bars[0],
  'wasm-f32-node24': bars[0],
  'wasm-int8-node20': bars[1],
  'wasm-int8-node24': bars[2],
  'tensorflow-f32': bars[3],
});

export const PEER_BARS: Readonly<Record<PeerRow, Bar>> = {
  'decode-1': {
    title: 'decode tokens/s, 1 stream, against transformers.js (int8: q8, f32: fp32)',
    cell: DECODE_1,
    against: sameWidth,
    bars: barsOf(1.1, 1.9, 2.3, 1.2),
  },
  'decode-8': {
    title: 'tokens/s in all, 8 streams, against its static batch of 8',
    cell: DECODE_8,
    against: sameWidth,
    bars: barsOf(1.5, 2, 3, 2),
  },
  'decode-16': {
    title: 'tokens/s in all, 16 streams, against its static batch of 16',
    cell: DECODE_16,
    against: sameWidth,
    bars: barsOf(1.5, 1.8, 3, 2.5),
  },
  'server-8': {
    title: '8 streams, against a plain server over transformers.js q8 (8 by Promise.all)',
    cell: DECODE_8,
    against: () => ['tjs-q8-each'],
    bars: barsOf(2, 3, 4, 3.5),
  },
  'llama-16': {
    title: "decode, 16 streams, against node-llama-cpp's best of F32, F16, Q8_0",
    cell: DECODE_16,
    against: () => ['llama-f32', 'llama-f16', 'llama-q8_0'],
    bars: barsOf(1.8, 2.8, 4, 3),
  },
  ttft: {
    title: 'TTFT, 1 stream, against transformers.js fp32 (lower is better)',
    cell: TTFT,
    against: () => ['tjs-fp32'],
    bars: barsOf(3, 2, 1.2, 1),
  },
};

export interface PeerSelection {
  columns: readonly PeerColumn[];
  rows: readonly PeerRow[];
}

/** What a contender has to run for the selection; nothing when it has no part in it. */
export function cellsOf(contender: PeerColumn | Peer, { columns, rows }: PeerSelection): Cell[] {
  const bars = rows
    .map((row) => PEER_BARS[row])
    .filter(({ against }) =>
      columns.some((column) => column === contender || against(column).some((peer) => peer === contender)),
    );
  return PEER_CELLS.filter((cell) => bars.some((bar) => bar.cell === cell));
}
