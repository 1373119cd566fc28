import { createHash, type Hash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isGgufPath } from './gguf/gguf-header.ts';
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
  const [directory, names] = isGgufPath(modelPath)
    ? [dirname(modelPath), [basename(modelPath)]]
    : [modelPath, (await readdir(modelPath)).filter((name) => MODEL_FILE.test(name)).toSorted()];
  const hash = createHash('sha256');
  for (const name of names) await addFile(hash, directory, name);
  return hash.digest('hex');
}

async function addFile(hash: Hash, directory: string, name: string): Promise<void> {
  const path = join(directory, name);
  const found = await stat(path);
  if (!found.isFile()) return;
  hash.update(`${name} ${found.size}\n`);
  const file = await open(path);
  try {
    for (const [position, length] of piecesOf(found.size)) {
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
