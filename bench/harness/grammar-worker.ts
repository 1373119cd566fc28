import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { assertInvariant, EngineError } from '../../src/errors.ts';
import { readGrammarCorpus, type CorpusItem } from './grammar-corpus.ts';
import { drawTokens } from './grammar-draws.ts';
import type { GrammarRun } from './grammar-runs.ts';
import { trieOfTokens, UsedGrammar } from './used-grammar.ts';

/**
 * A process that compiles grammars of the corpus and draws texts of them, since one that the engine cannot match may take
 * all memory. Each line of standard input is the name of one; each line of the output is a GrammarRun. The first argument
 * is a file with the vocabulary.
 */

const WALKS = 1;
/** Each is measured in a vocabulary that keeps nothing of the repeats before; the quickest of the repeats counts. */
const REPEATS = 2;

const LONG_US = 500;

const [file = ''] = process.argv.slice(2);
const tokens = (JSON.parse(readFileSync(file, 'utf8')) as { tokens: string[] }).tokens.map((token) =>
  Buffer.from(token, 'base64'),
);
const trie = trieOfTokens(tokens);
const items = new Map(readGrammarCorpus().map((item) => [item.name, item]));

function run(item: CorpusItem): GrammarRun {
  const before = heldBytes();
  const startedAt = now();
  let used: UsedGrammar;
  try {
    used = new UsedGrammar(item.spec, trie);
  } catch (error) {
    return { refusal: error instanceof EngineError ? error.message : String(error) };
  }
  const compileUs = now() - startedAt;
  const sequences = drawTokens(used.matching, tokens, item.name, WALKS);
  used = new UsedGrammar(item.spec, trie);
  const first = measure(used, sequences);
  const bytes = heldBytes() - before;
  for (let repeat = 1; repeat < REPEATS; repeat++) {
    const { maskUs, stepUs } = measure(new UsedGrammar(item.spec, trie), sequences);
    first.maskUs = first.maskUs.map((us, i) => Math.min(us, maskUs[i] ?? us));
    first.stepUs = first.stepUs.map((us, i) => Math.min(us, stepUs[i] ?? us));
  }
  return { compileUs, ...first, bytes, sequences };
}

function measure(
  used: UsedGrammar,
  sequences: readonly (readonly number[])[],
): { startUs: number; maskUs: number[]; stepUs: number[] } {
  const startedAt = now();
  const { matching } = used;
  const startUs = now() - startedAt;
  const maskUs: number[] = [];
  const stepUs: number[] = [];
  for (const sequence of sequences) {
    let at = matching.start;
    for (const token of sequence) {
      const from = at;
      maskUs.push(timeOf(() => void matching.allowed(from)));
      let next: typeof at | undefined;
      stepUs.push(timeOf(() => (next = matching.step(from, token))));
      assertInvariant(next !== undefined, 'a drawn token is taken');
      at = next;
    }
  }
  return { startUs, maskUs, stepUs };
}

const now = (): number => performance.now() * 1000;

/** Microseconds; of what takes long, those in which this process ran, since others may have had the processor. */
function timeOf(action: () => void): number {
  const processorBefore = process.cpuUsage();
  const startedAt = now();
  action();
  const us = now() - startedAt;
  if (us < LONG_US) return us;
  const { user, system } = process.cpuUsage(processorBefore);
  return Math.min(us, user + system);
}

function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

process.stdout.write('ready\n');
for await (const name of createInterface({ input: process.stdin })) {
  const item = items.get(name);
  process.stdout.write(`${JSON.stringify(item === undefined ? { refusal: 'no such item' } : run(item))}\n`);
}
