import { cellTitle } from './cell-title.ts';
import type { Cell } from './measure-cell.ts';

/** Files that are held against llama.cpp: SmolLM2-135M-Instruct, and Llama-shaped models of random weights. */
export const GGUF_FILES = ['smollm2-q4_1', '0.5b-q4_0', '1.1b-q4_0', '1.1b-q4_k_m'] as const;
export type GgufFile = (typeof GGUF_FILES)[number];

export const PROMPT_TOKENS = 128;
export const LONG_PROMPT_TOKENS = 512;
export const MAX_TOKENS = 64;

/**
 * - a cell: tokens per second, or milliseconds to the first token;
 * - `load`: milliseconds from the start of the process to a first token, the file in the system's cache;
 * - `resident`: bytes of all processes of ours, held against the file and the KV cache.
 */
export type GgufMeasure = Cell | 'load' | 'resident';

export interface GgufRow {
  measure: GgufMeasure;
  /** Ours divided by theirs: at least so much for a rate, at most for a time or for memory; none is stated alone. */
  bar?: number;
}

const streams = (kind: 'decode' | 'requests', numStreams: number, bar?: number): GgufRow => ({
  measure: { kind, streams: numStreams, promptTokens: PROMPT_TOKENS, maxTokens: MAX_TOKENS },
  ...(bar === undefined ? {} : { bar }),
});
const ttft = (promptTokens: number, bar: number): GgufRow => ({
  measure: { kind: 'ttft', promptTokens },
  bar,
});

export const GGUF_ROWS: Readonly<Record<GgufFile, readonly GgufRow[]>> = {
  'smollm2-q4_1': [
    ttft(PROMPT_TOKENS, 0.6),
    streams('decode', 1, 1.5),
    streams('requests', 1, 3),
    streams('requests', 8, 5),
    streams('requests', 16, 5),
    { measure: 'load' },
    { measure: 'resident' },
  ],
  '0.5b-q4_0': [
    ttft(PROMPT_TOKENS, 0.6),
    ttft(LONG_PROMPT_TOKENS, 0.6),
    streams('decode', 1, 1.5),
    streams('requests', 1, 2),
    streams('requests', 8, 4),
    { measure: 'load' },
    { measure: 'resident' },
  ],
  '1.1b-q4_0': [
    ttft(PROMPT_TOKENS, 0.6),
    streams('decode', 1, 1.5),
    streams('decode', 4, 3),
    streams('decode', 8, 5),
    { measure: 'load', bar: 1.5 },
    { measure: 'resident', bar: 1.2 },
  ],
  '1.1b-q4_k_m': [
    ttft(PROMPT_TOKENS, 0.6),
    streams('decode', 1, 1.5),
    streams('decode', 4, 3),
    streams('decode', 8, 5),
    { measure: 'load' },
    { measure: 'resident' },
  ],
};

/** Beside llama.cpp's own server: crowds, and long prompts. A model has those rows that fit its context. */
export const SERVER_ROWS: readonly GgufRow[] = [
  streams('requests', 1, 3),
  streams('requests', 8, 4),
  streams('requests', 16, 4),
  ...[4000, 16_000].flatMap((promptTokens): GgufRow[] => [
    { measure: { kind: 'ttft', promptTokens }, bar: 0.3 },
    { measure: { kind: 'decode', streams: 1, promptTokens, maxTokens: MAX_TOKENS }, bar: 3 },
  ]),
];

/** Tokens of the longest sequence that a row has. */
export const lengthOf = ({ measure }: GgufRow): number =>
  isCell(measure) ? measure.promptTokens + MAX_TOKENS : 0;

/** What a row measures, in words. */
export function measureTitle(measure: GgufMeasure): string {
  switch (measure) {
    case 'load':
      return 'start of the process to a first token';
    case 'resident':
      return 'resident memory, against file and KV cache';
    default:
      return cellTitle(measure);
  }
}

export function isCell(measure: GgufMeasure): measure is Cell {
  return typeof measure !== 'string';
}

/** A rate is better when it is higher, a time or memory when it is lower. */
export function isRate(measure: GgufMeasure): boolean {
  return isCell(measure) && measure.kind !== 'ttft';
}
