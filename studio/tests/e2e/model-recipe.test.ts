import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../../tests/support/process.ts';
import { EMBEDDED_MODEL } from '../../../tests/support/service.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'tokenflare-recipe-'));
const echoes = join(directory, 'echoes');
const copier = join(directory, 'copier');
const corpus = join(directory, 'corpus');
const documents = join(corpus, 'documents.jsonl');
const model = join(directory, 'model');

const SHAPE = ['--vocab-size', '600', '--context', '256', '--dim', '32', '--layers', '2', '--heads', '4'];
const STEPS = [
  ...['--schedule', 'wsd', '--warmup', '5', '--batch', '4', '--learning-rate', '6e-3'],
  ...['--dropout', '0', '--evaluate-every', '20'],
];

/** A command's standard output. */
function run(script: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist', script), ...args], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

/** How model-weights was made (its README.md), by the same commands on a small scale; the embedded model is the judge. */
describe("the embedded model's recipe", () => {
  beforeAll(() => {
    build();
    const make = (out: string, ...flags: string[]): string =>
      run('studio/corpus/main.js', 'make', '--out', out, ...flags);
    make(echoes, '--count', '60', '--echoes', '0.6', '--seed', '2');
    make(corpus, '--count', '120');
    const train = (file: string, out: string, ...flags: string[]): string =>
      run('src/cli/main.js', 'train', file, '--out', out, ...STEPS, ...flags);
    train(join(echoes, 'documents.jsonl'), copier, ...SHAPE, '--initial', 'copying', '--steps', '20');
    train(documents, model, '--from', copier, '--steps', '60', '--decay-steps', '20');
  }, 120_000);
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('leaves a card that tells of the corpus and shows answers', () => {
    const card = readFileSync(join(model, 'README.md'), 'utf8');
    expect(card).toMatch(/documents: \d+ texts and \d+ conversations/i);
    expect(card).toContain('--schedule wsd --decay-steps 20');
  });

  it('judges what the model writes and answers beside what it has read', () => {
    const samples = join(directory, 'samples.json');
    const output = run(
      'studio/judge/main.js',
      ...['--judge', EMBEDDED_MODEL, '--texts', `new=${model}`, '--answers', `chat=${model}`],
      ...['--read', `corpus=${documents}`, '--corpus', documents, '--seeds', '1', '--samples', samples],
    );
    const rows = output
      .split('\n')
      .slice(2, -1)
      .map((line) => line.split('|').map((cell) => cell.trim()));
    expect(rows.map((cells) => [cells[1], cells[2]])).toEqual([
      ['new', '20'],
      ['chat', '20'],
      ['corpus', '20'],
    ]);
    const [ownBits, chatBits, readBits] = rows.map((cells) => Number(cells[3]));
    // The judge knows the corpus. Sixty steps make words of a sort, which cost it more than sentences do.
    expect(readBits).toBeGreaterThan(0.02);
    expect(ownBits).toBeGreaterThan(readBits ?? 0);
    expect(chatBits).toBeGreaterThan(readBits ?? 0);
    expect(rows[2]?.[8]).toBe('100.0 %');
    const drawn = JSON.parse(readFileSync(samples, 'utf8')) as Record<string, { text: string }[]>;
    expect(Object.entries(drawn).map(([name, { length }]) => [name, length])).toEqual([
      ['new: texts', 20],
      ['chat: answers', 20],
    ]);
    expect(drawn['new: texts']?.[0]?.text).toMatch(/^Once upon a time/);
  }, 60_000);
});
