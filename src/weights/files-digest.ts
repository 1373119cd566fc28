import { createHash, type Hash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { findModelFile } from '../model-files.ts';
import { isGgufPath } from './gguf/gguf-header.ts';
import { ggufPartPaths } from './gguf/gguf-parts.ts';
import { readFully } from './read-fully.ts';

/** What a model's texts depend on: weights, configuration, tokenizer, template, defaults. */
const MODEL_FILE = /\.(safetensors|gguf|json|jinja|model|txt)$/;
/** A file that is no larger is read whole. */
const WHOLE_BYTES = 16 * 2 ** 20;
/** Of a larger one so many pieces, evenly apart, its first and last bytes among them: 2 MiB in all. */
const NUM_PIECES = 256;
const PIECE_BYTES = 8192;

/**
 * A digest of a model's files, as hexadecimal digits. Of large files it is taken from pieces, since a model of 10 GB would
 * take some ten seconds: training changes every tensor, and with it the pieces.
 *
 * @throws EngineError `weights_invalid` for a file that becomes shorter meanwhile, or what the file system throws
 */
export async function filesDigest(modelPath: string): Promise<string> {
  const hash = createHash('sha256');
  const paths = isGgufPath(modelPath) ? ggufPartPaths(modelPath) : await pathsIn(modelPath);
  for (const path of paths) await addFile(hash, path);
  return hash.digest('hex');
}

/** As for all that is read of a directory: no link out of it is followed. */
async function pathsIn(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => MODEL_FILE.test(name)).toSorted();
  const found = await Promise.all(names.map((name) => findModelFile(directory, name)));
  return found.flatMap((file) => (file === undefined || 'problem' in file ? [] : [file.path]));
}

async function addFile(hash: Hash, path: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    hash.update(`${basename(path)} ${size}\n`);
    for (const [position, length] of piecesOf(size)) {
      const piece = new Uint8Array(length);
      await readFully(file, piece, position);
      hash.update(piece);
    }
  } finally {
    await file.close();
  }
}

function piecesOf(numBytes: number): [position: number, length: number][] {
  if (numBytes <= WHOLE_BYTES) return [[0, numBytes]];
  const apart = (numBytes - PIECE_BYTES) / (NUM_PIECES - 1);
  return Array.from({ length: NUM_PIECES }, (_, index) => [Math.floor(index * apart), PIECE_BYTES]);
}
