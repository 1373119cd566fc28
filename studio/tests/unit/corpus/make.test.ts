import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECHO_SHARE } from '../../../corpus/document.ts';
import { make, type MakeOptions } from '../../../corpus/make.ts';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'corpus-'));
});
afterEach(() => rm(out, { recursive: true }));

const COUNT = 200;
const run = (given: Partial<MakeOptions> = {}): Promise<void> =>
  make({ out, count: COUNT, seed: 7, echoShare: ECHO_SHARE, report: () => undefined, ...given });
const read = (name: string): Promise<string> => readFile(join(out, name), 'utf8');

describe('make', () => {
  it('writes documents and a manifest that counts them', async () => {
    await run();
    const documents = (await read('documents.jsonl'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    const manifest = JSON.parse(await read('manifest.json')) as {
      documents: number;
      plans: number;
      kinds: Record<string, number>;
      rejected: Record<string, number>;
    };
    const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);
    expect(manifest).toMatchObject({ documents: documents.length, plans: COUNT });
    expect(sum(manifest.kinds)).toBe(documents.length);
    expect(sum(manifest.rejected)).toBe(COUNT - documents.length);
    expect(documents.length).toBeGreaterThan(COUNT * 0.9);
    expect(documents.every((one) => 'text' in one || 'messages' in one)).toBe(true);
  });

  it('makes the committed sample', async () => {
    await run({ count: 40, seed: 1 });
    const sample = new URL('../../../corpus/sample.jsonl', import.meta.url);
    expect(await read('documents.jsonl')).toBe(await readFile(sample, 'utf8'));
  });
});
