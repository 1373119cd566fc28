import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { assertInvariant } from '../../src/errors.ts';

const COMMAND = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** Bits per byte of texts under a model, as `tokenflare bits-per-byte` says it of as many files. */
export async function bitsOf(texts: readonly string[], model: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tokenflare-judge-'));
  try {
    const files = texts.map((_, i) => join(folder, `${i}.txt`));
    await Promise.all(files.map((file, i) => writeFile(file, texts[i] ?? '')));
    const args = [COMMAND, 'bits-per-byte', '--model', model, ...files];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const bits = /^([\d.]+) bits per byte/.exec(stdout)?.[1];
    assertInvariant(bits !== undefined, `bits-per-byte says a number, not: ${stdout}`);
    return Number(bits);
  } finally {
    await rm(folder, { recursive: true });
  }
}
