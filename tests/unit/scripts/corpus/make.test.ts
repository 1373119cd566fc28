import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECHO_SHARE } from '../../../../scripts/corpus/document.ts';
import { make, type MakeOptions } from '../../../../scripts/corpus/make.ts';
import { readLines } from '../../../../scripts/corpus/parts.ts';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'corpus-'));
});
afterEach(() => rm(out, { recursive: true }));

const COUNT = 120;
const options = (given: Partial<MakeOptions> = {}): MakeOptions => ({
  out,
  count: COUNT,
  seed: 7,
  echoShare: ECHO_SHARE,
  numDrafts: 1,
  judgedShare: 0,
  detailShare: 0,
  batch: 16,
  report: () => undefined,
  ...given,
});
const run = (given?: Partial<MakeOptions>, signal = new AbortController().signal): Promise<void> =>
  make(options(given), signal);
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
    expect(documents.length).toBeGreaterThan(COUNT * 0.8);
    expect(documents.every((one) => 'text' in one || 'messages' in one)).toBe(true);
  });

  it('goes on where it was stopped, behind half a line, to the same documents', async () => {
    await run();
    const whole = await read('documents.jsonl');
    await rm(out, { recursive: true });
    const stop = new AbortController();
    // One batch is told before the signal is looked at again.
    await run({ count: 40 });
    await appendFile(join(out, 'part-0000.jsonl'), '{"index":40,"stor');
    stop.abort();
    await run({}, stop.signal);
    expect((await readLines(out)).size).toBe(40);
    await run();
    expect((await readLines(out)).size).toBe(COUNT);
    expect(await read('documents.jsonl')).toBe(whole);
  });

  it('makes the committed sample', async () => {
    await run({ count: 40, seed: 1, batch: 64 });
    const sample = new URL('../../../../scripts/corpus/sample.jsonl', import.meta.url);
    expect(await read('documents.jsonl')).toBe(await readFile(sample, 'utf8'));
  });

  it('does not mix the parts of two recipes', async () => {
    await run({ count: 5 });
    await expect(run({ count: 5, seed: 8 })).rejects.toThrow(/recipe\.json was made with other options/);
  });
});
