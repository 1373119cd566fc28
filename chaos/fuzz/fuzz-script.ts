import * as fc from 'fast-check';

/** One request as it goes over the wire. */
export interface FuzzStep {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

/**
 * Requests that follow each other. A later one may name what an earlier one was answered: `{{0.output.0.id}}` stands for
 * the `id` of the first output item in the answer to step 0: a text as it is, another value as JSON.
 */
export type FuzzScript = readonly FuzzStep[];

/** What a fuzzer sends. */
export interface FuzzKind {
  readonly name: string;
  readonly scripts: fc.Arbitrary<FuzzScript>;
  /** How long an answer may take, where that is longer than for others. */
  readonly limitMs?: number;
}

/** So many scripts are made at once: fast-check makes small values first and larger ones later. */
const CHUNK = 24;

/** The scripts of a kind in the order of a seed: the same seed gives the same scripts. */
export function* scriptsOf({ scripts }: FuzzKind, seed: number): Generator<FuzzScript, never> {
  for (let chunk = 0; ; chunk++) yield* fc.sample(scripts, { numRuns: CHUNK, seed: (seed + chunk) | 0 });
}

/** One of the good values, and now and then one of the bad ones. */
export const mostly = <T>(good: readonly T[], bad: readonly T[], weight = 30): fc.Arbitrary<T> =>
  fc.oneof(
    { weight, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );

export const jsonStep = (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): FuzzStep => ({
  method,
  path,
  headers,
  body: body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

export const postStep = (path: string, body: unknown, headers: Record<string, string> = {}): FuzzStep =>
  jsonStep('POST', path, body, headers);

const PLACEHOLDER = /\{\{(\d+)\.([\w.]+)\}\}/g;

/** A step whose placeholders have the values of the answers so far. A value that is not there is the text `none`. */
export function fillIn(step: FuzzStep, answers: readonly string[]): FuzzStep {
  if (answers.length === 0) return step;
  const parsed = new Map<string, unknown>();
  const valueOf = (index: string, path: string): string => {
    if (!parsed.has(index)) parsed.set(index, parseJson(answers[Number(index)] ?? ''));
    const value = path
      .split('.')
      .reduce<unknown>(
        (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
        parsed.get(index),
      );
    if (value === undefined) return 'none';
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  const fill = (text: string): string =>
    text.replaceAll(PLACEHOLDER, (_, index: string, path: string) => valueOf(index, path));
  const { path, body } = step;
  const hasPlaceholder = body?.includes('{{') === true;
  return {
    ...step,
    path: fill(path),
    body: hasPlaceholder ? Buffer.from(fill(body.toString('utf8'))) : body,
  };
}

/** `undefined` where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
