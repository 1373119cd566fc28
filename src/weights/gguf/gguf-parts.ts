import { basename } from 'node:path';
import { isGgufPath } from './gguf-header.ts';

/** What a name says of a part: `name-00002-of-00003.gguf`, as llama.cpp's gguf-split names parts. */
export interface GgufPart {
  /** Counted from 1. */
  readonly part: number;
  readonly numParts: number;
  readonly prefix: string;
  /** `.gguf`, in the case that the name has it in. */
  readonly extension: string;
}

const PART = /^(?<prefix>.+)-(?<part>\d{5})-of-(?<count>\d{5})(?<extension>\.gguf)$/i;
/** Each part is an open file. The largest published models have some 200. */
export const MAX_PARTS = 500;

/** Undefined for a name that does not say so, and for a file that is the only part. */
export function partOfName(path: string): GgufPart | undefined {
  const { prefix = '', part, count, extension = '' } = PART.exec(path)?.groups ?? {};
  const [number, numParts] = [Number(part), Number(count)];
  const isPart = number >= 1 && number <= numParts && numParts > 1 && numParts <= MAX_PARTS;
  return isPart ? { part: number, numParts, prefix, extension } : undefined;
}

/** The paths of all parts of the file of which this is one, from the first on; a whole file is its only part. */
export function ggufPartPaths(path: string): [first: string, ...others: string[]] {
  const named = partOfName(path);
  if (named === undefined) return [path];
  const { prefix, numParts, extension } = named;
  const pathOf = (part: number): string =>
    `${prefix}-${fiveDigits(part)}-of-${fiveDigits(numParts)}${extension}`;
  return [pathOf(1), ...Array.from({ length: numParts - 1 }, (_, i) => pathOf(i + 2))];
}

/** The GGUF models among the files of a folder: whole files, and for parts the first one, whether it is there or not. */
export function ggufModelsAmong(names: readonly string[]): string[] {
  return [...new Set(names.filter(isGgufPath).map((name) => ggufPartPaths(name)[0]))];
}

/** Tells which part a missing file is, where it is one. */
export function missingPart(path: string): string {
  const named = partOfName(path);
  const place = named === undefined ? '' : `, part ${named.part} of ${named.numParts},`;
  return `${basename(path)}${place} is missing`;
}

function fiveDigits(count: number): string {
  return String(count).padStart(5, '0');
}
