import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { EngineError } from '../../errors.ts';
import { clip } from '../../values.ts';
import type { TensorEntry, TensorSource } from '../tensor-source.ts';
import { MAX_TENSORS } from './gguf-header.ts';
import { ggufPartPaths, MAX_PARTS, missingPart, partOfName } from './gguf-parts.ts';
import { GgufReader } from './gguf-reader.ts';

/** Open weights with the metadata of their model. */
export interface GgufSource extends TensorSource {
  readonly metadata: ReadonlyMap<string, unknown>;
}

/**
 * Opens a GGUF file, or all parts of one that llama.cpp's gguf-split cut.
 * @param path of the file, or of the first part; the others lie beside it
 * @throws EngineError `weights_invalid` naming the file, when one is missing or broken, belongs to another model, or has a
 * tensor that another part has, too
 */
export async function openGguf(path: string): Promise<GgufSource> {
  const first = await GgufReader.open(path);
  const readers: [GgufReader, ...GgufReader[]] = [first];
  try {
    checkFirst(first);
    const [, ...otherPaths] = ggufPartPaths(path);
    if (otherPaths.length === 0) return first;
    const partOf = new Map<string, GgufReader>();
    addTensors(partOf, first, first);
    for (const partPath of otherPaths) {
      await checkPlace(path, partPath);
      const reader = await GgufReader.open(partPath);
      readers.push(reader);
      checkOther(reader, first, readers.length - 1);
      addTensors(partOf, reader, first);
    }
    checkNumTensors(partOf, first);
    return new SplitGguf(readers, partOf);
  } catch (error) {
    await closeAll(readers);
    throw error;
  }
}

/** The open parts of a GGUF file. The metadata is that of the first. */
class SplitGguf implements GgufSource {
  readonly path: string;
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly #parts: readonly GgufReader[];
  readonly #partOf: ReadonlyMap<string, GgufReader>;

  constructor(parts: readonly [GgufReader, ...GgufReader[]], partOf: ReadonlyMap<string, GgufReader>) {
    this.path = parts[0].path;
    this.metadata = parts[0].metadata;
    this.#parts = parts;
    this.#partOf = partOf;
    this.entries = new Map(parts.flatMap((part) => [...part.entries]));
  }

  async read(name: string): Promise<Float32Array> {
    return this.#part(name).read(name);
  }

  async readStored(name: string, target: Uint8Array, start: number): Promise<void> {
    await this.#part(name).readStored(name, target, start);
  }

  #part(name: string): GgufReader {
    const part = this.#partOf.get(name);
    if (part === undefined) throw invalid(this.path, `none of its parts has a tensor "${name}"`);
    return part;
  }

  async close(): Promise<void> {
    await closeAll(this.#parts);
  }
}

/** Notes which part has a tensor, and stops at more tensors than the first part tells of. */
function addTensors(partOf: Map<string, GgufReader>, part: GgufReader, first: GgufReader): void {
  for (const name of part.entries.keys()) {
    const other = partOf.get(name);
    if (other !== undefined)
      throw invalid(part.path, `it has tensor "${name}", which ${basename(other.path)} has, too`);
    partOf.set(name, part);
  }
  if (partOf.size > splitKey(first, TENSORS)) checkNumTensors(partOf, first);
}

function checkNumTensors({ size }: ReadonlyMap<string, GgufReader>, first: GgufReader): void {
  const expected = splitKey(first, TENSORS);
  if (expected > MAX_TENSORS)
    throw invalid(first.path, `its ${TENSORS} is ${expected}; at most ${MAX_TENSORS} are read`);
  if (size === expected) return;
  throw invalid(first.path, `its ${TENSORS} is ${expected}, and its parts have ${size} tensors`);
}

const NUMBER = 'split.no';
const COUNT = 'split.count';
const TENSORS = 'split.tensors.count';
/** A part that has these has those of its model. */
const IDENTITY = ['general.architecture', 'general.name'];

/** The name says where the other parts are, and the metadata how many there are: they must agree. */
function checkFirst(reader: GgufReader): void {
  const { path, metadata } = reader;
  const named = partOfName(path);
  const count = metadata.has(COUNT) ? splitKey(reader, COUNT) : undefined;
  if (named === undefined) {
    if (count === undefined || count <= 1) return;
    throw invalid(
      path,
      `it is part ${splitKey(reader, NUMBER) + 1} of ${count}, and its name does not say so: ` +
        `up to ${MAX_PARTS} parts are found by the names that llama-gguf-split gives them, NAME-00001-of-00003.gguf`,
    );
  }
  if (named.part !== 1) {
    const [first] = ggufPartPaths(path);
    throw invalid(path, `it is part ${named.part} of ${named.numParts}; name the first, ${basename(first)}`);
  }
  checkKeys(reader, { [NUMBER]: 0, [COUNT]: named.numParts });
}

function checkOther(reader: GgufReader, first: GgufReader, index: number): void {
  const tensors = splitKey(first, TENSORS);
  checkKeys(reader, { [NUMBER]: index, [COUNT]: splitKey(first, COUNT), [TENSORS]: tensors });
  for (const key of IDENTITY) {
    const [own, wanted] = [reader.metadata.get(key), first.metadata.get(key)];
    if (own === undefined || own === wanted) continue;
    throw invalid(
      reader.path,
      `it is a part of another model: its ${key} is ${shown(own)}, that of ${basename(first.path)} ${shown(wanted)}`,
    );
  }
}

function checkKeys(reader: GgufReader, wanted: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(wanted)) {
    const found = splitKey(reader, key);
    if (found === value) continue;
    throw invalid(
      reader.path,
      `its ${key} is ${found} and must be ${value}: it was renamed, or is a part of another model`,
    );
  }
}

/** @throws EngineError `weights_invalid` where it is missing, or is no whole number */
function splitKey({ path, metadata }: GgufReader, key: string): number {
  const value = metadata.get(key);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  if (value === undefined) throw invalid(path, `its name says that it is a part, and it has no key ${key}`);
  throw invalid(path, `its ${key} is ${shown(value)}, which is no count`);
}

/** As for a directory of shards: a part is no way to a file elsewhere. A folder of links, as the hub's cache has, is one. */
async function checkPlace(firstPath: string, partPath: string): Promise<void> {
  const target = await realpath(partPath).catch(() => undefined);
  if (target === undefined) throw invalid(firstPath, missingPart(partPath));
  const folders = [await realpath(dirname(firstPath)), dirname(await realpath(firstPath))];
  if (folders.includes(dirname(target))) return;
  throw invalid(partPath, 'it is a link out of the directory of the first part; put the file itself there');
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(clip(value)) : clip(String(value));
}

async function closeAll(readers: readonly GgufReader[]): Promise<void> {
  await Promise.all(readers.map((reader) => reader.close()));
}

function invalid(path: string, problem: string): EngineError {
  return new EngineError('weights_invalid', `${path}: ${problem}`);
}
