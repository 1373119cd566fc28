import type { HttpTarget } from '../../src/bench/http-target.ts';
import { summarise, type LatencySummary } from '../../src/bench/latency-summary.ts';
import { assertInvariant } from '../../src/errors.ts';
import { FORMAT_KINDS, formatSchema } from './format-schemas.ts';
import type { StepLog } from './step-log.ts';

/** A request without a format; with one that the service has compiled before; with one that it has never seen. */
export const FIRST_TOKEN_KINDS = ['without', 'kept', 'new'] as const;
export type FirstTokenKind = (typeof FIRST_TOKEN_KINDS)[number];

/** From sending to the first token, one request at a time. */
export interface FirstTokens {
  ttftMs: Readonly<Record<FirstTokenKind, LatencySummary>>;
  /** Of the first format of all: the compiler starts, and reads the vocabulary. */
  firstOfAllMs: number;
  /** The time that a new format takes from the step loop, in which other streams wait: all of its request. */
  newFormatMs: LatencySummary;
}

/** Formats of each kind. */
const REPEATS = 4;
const MAX_TOKENS = 96;

/**
 * Sends requests one after the other, the three kinds in turns, to a service that has had no format before.
 *
 * @param prompt the same for all: it is cached
 */
export async function measureFirstTokens(
  target: HttpTarget,
  log: StepLog,
  prompt: readonly number[],
  signal: AbortSignal,
): Promise<FirstTokens> {
  const send = (fields: object, seed: number): Promise<number> => {
    const request = { prompt, max_tokens: MAX_TOKENS, temperature: 1, seed, cache_salt: 'first-tokens' };
    return firstTokenMs(target.stream({ ...request, ...fields }, signal));
  };
  for (let seed = 0; seed < FORMAT_KINDS.length; seed++) await send({ ignore_eos: true }, seed);
  const firstOfAllMs = await send({ guided_json: { type: 'boolean' } }, 0);
  for (const [seed, kind] of FORMAT_KINDS.entries()) await send({ guided_json: formatSchema(kind, 1) }, seed);
  const ttftMs: Record<FirstTokenKind, number[]> = { without: [], kept: [], new: [] };
  const newFormatMs: number[] = [];
  for (let i = 0; i < REPEATS * FORMAT_KINDS.length; i++) {
    const kind = FORMAT_KINDS[i % FORMAT_KINDS.length] ?? 'enum';
    const fields = {
      without: { ignore_eos: true },
      kept: { guided_json: formatSchema(kind, 1) },
      new: { guided_json: formatSchema(kind, 1, toMark(i)) },
    };
    for (const name of rotate(FIRST_TOKEN_KINDS, i)) {
      log.take();
      ttftMs[name].push(await send(fields[name], i));
      if (name === 'new') newFormatMs.push(log.take().reduce((sum, { formatMs }) => sum + formatMs, 0));
    }
  }
  return {
    ttftMs: { without: summary(ttftMs.without), kept: summary(ttftMs.kept), new: summary(ttftMs.new) },
    firstOfAllMs,
    newFormatMs: summary(newFormatMs),
  };
}

/** Reads all of it, so that the next request finds the engine idle. */
async function firstTokenMs(events: AsyncIterable<readonly number[]>): Promise<number> {
  const startedAt = performance.now();
  let firstAt: number | undefined;
  for await (const { length } of events) if (length > 0) firstAt ??= performance.now();
  assertInvariant(firstAt !== undefined, 'a text has a token');
  return firstAt - startedAt;
}

/** Another word for each number. */
export function toMark(index: number): string {
  return `${index}`.replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '');
}

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function summary(values: readonly number[]): LatencySummary {
  const found = summarise(values);
  assertInvariant(found !== undefined, 'requests were sent');
  return found;
}
