import { clip, isRecord } from '../../src/values.ts';
import type { Answer } from '../support/client.ts';
import { parseJson, type FuzzScript, type FuzzStep } from './fuzz-script.ts';

/** What an index must hold after the changes that it acknowledged, told from what was sent alone. */

interface Held {
  readonly id: string;
  readonly values: readonly number[];
  readonly namespace?: unknown;
  readonly metadata?: unknown;
}

const OWN_INDEX =
  /^(?:\/client\/v4\/accounts\/a\/vectorize\/v2\/indexes|\/workers-binding\/vectorize)\/(own-\d+)\/(\w+)/;
const GOOD_STATUS = 200;
/** Of scores that are computed in float32, and of large values. */
const TOLERANCE = 1e-3;

/** What is wrong with the latest answer to a script about the index that the script alone uses; `undefined`: nothing. */
export function faultOfVectors(script: FuzzScript, answers: readonly Answer[]): string | undefined {
  const index = answers.length - 1;
  const asked = operationOf(script[index]);
  const answer = answers[index];
  if (asked === undefined || answer?.status !== GOOD_STATUS) return undefined;
  const config = configOf(script, answers);
  const held = config === undefined ? undefined : heldBefore(config, script, answers.slice(0, index));
  if (config === undefined || held === undefined) return undefined;
  return faultOf(asked, resultOf(answer), held, config);
}

interface Operation {
  readonly name: string;
  /** Lines that cannot be read are left out, and which these are is the service's to say. */
  readonly discards: boolean;
  readonly body: string;
}

/** Of a step that asks the index of the script. */
function operationOf(step: FuzzStep | undefined): Operation | undefined {
  const [, , name] = OWN_INDEX.exec(step?.path ?? '') ?? [];
  if (step === undefined || name === undefined) return undefined;
  return { name, discards: step.path.endsWith('=discard'), body: step.body?.toString('utf8') ?? '' };
}

/** The binding answers with the result, the REST API wraps it. */
function resultOf({ text }: Answer): unknown {
  const json = parseJson(text);
  return isRecord(json) && 'success' in json ? json['result'] : json;
}

interface Config {
  readonly dimensions: number;
  readonly metric: string;
}

/** Of the index that the first step made; undefined where it made none. */
function configOf(script: FuzzScript, answers: readonly Answer[]): Config | undefined {
  if (answers[0]?.status !== GOOD_STATUS) return undefined;
  const body = parseJson(script[0]?.body?.toString('utf8') ?? '');
  return isRecord(body) && isRecord(body['config']) ? (body['config'] as unknown as Config) : undefined;
}

/** By id; undefined where a batch leaves open what was taken of it. */
function heldBefore(
  { dimensions }: Config,
  script: FuzzScript,
  answers: readonly Answer[],
): Map<string, Held> | undefined {
  const held = new Map<string, Held>();
  for (const [index, { status }] of answers.entries()) {
    const operation = operationOf(script[index]);
    if (operation === undefined || status !== GOOD_STATUS) continue;
    if (!apply(operation, held, dimensions)) return undefined;
  }
  return held;
}

/** Changes what is held as an acknowledged operation did. False: that cannot be told. */
function apply({ name, discards, body }: Operation, held: Map<string, Held>, dimensions: number): boolean {
  if (name.startsWith('delete')) for (const id of idsOf(body)) held.delete(id);
  if (name !== 'insert' && name !== 'upsert') return true;
  if (discards) return false;
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  const vectors = lines.map(parseJson);
  if (!vectors.every((vector) => isVector(vector, dimensions))) return false;
  for (const vector of vectors as Held[])
    if (name === 'upsert' || !held.has(vector.id)) held.set(vector.id, vector);
  return true;
}

function isVector(value: unknown, dimensions: number): boolean {
  if (!isRecord(value) || typeof value['id'] !== 'string' || !Array.isArray(value['values'])) return false;
  const values = value['values'] as unknown[];
  return values.length === dimensions && values.every((number) => typeof number === 'number');
}

function idsOf(body: string): string[] {
  const json = parseJson(body);
  return isRecord(json) && Array.isArray(json['ids']) ? (json['ids'] as string[]) : [];
}

function faultOf(
  { name, body }: Operation,
  result: unknown,
  held: ReadonlyMap<string, Held>,
  { metric }: Config,
): string | undefined {
  if (name.startsWith('get')) return faultOfFound(idsOf(body), result, held);
  if (name === 'query') return faultOfMatches(parseJson(body) ?? {}, result, held, metric);
  const count = isRecord(result) ? (result['vectorCount'] ?? result['totalCount']) : undefined;
  if (count === undefined || count === held.size) return undefined;
  return `${name} tells of ${JSON.stringify(count)} vectors, of which there are ${held.size}`;
}

function faultOfFound(
  ids: readonly string[],
  result: unknown,
  held: ReadonlyMap<string, Held>,
): string | undefined {
  if (!Array.isArray(result)) return 'what is found is no list';
  const found = new Map((result as Held[]).map((one) => [one.id, one]));
  for (const id of ids) {
    const expected = described(held.get(id));
    const got = described(found.get(id));
    if (got !== expected) return `the vector ${id} is ${clip(got)}, and was put as ${clip(expected)}`;
  }
  return undefined;
}

/** An empty namespace is none. */
const described = (vector: Held | undefined): string =>
  JSON.stringify(
    vector === undefined
      ? null
      : [vector.values, vector.namespace === '' ? null : (vector.namespace ?? null), vector.metadata ?? null],
  );

interface Question {
  readonly topK?: number;
  readonly namespace?: string;
  readonly filter?: unknown;
}

interface Match {
  readonly id: string;
  readonly score: number;
}

/** Without a filter: as many as there are, each of them held, the nearest first. */
function faultOfMatches(
  { topK = 5, namespace, filter }: Question,
  result: unknown,
  held: ReadonlyMap<string, Held>,
  metric: string,
): string | undefined {
  const given = isRecord(result) ? result['matches'] : undefined;
  if (!Array.isArray(given)) return 'a query has no list of matches';
  const matches = given as readonly Match[];
  const stranger = matches.find(({ id }) => !held.has(id));
  if (stranger !== undefined) return `a query found ${stranger.id}, which is not there`;
  if (filter !== undefined || namespace !== undefined) return undefined;
  const expected = Math.min(topK, held.size);
  if (matches.length !== expected) return `a query found ${matches.length} of ${expected} vectors`;
  const scores = matches.map(({ score }) => score);
  // A distance grows from the nearest on, a likeness falls.
  const sign = metric === 'euclidean' ? 1 : -1;
  const isSorted = scores.every(
    (score, i) => i === 0 || sign * (score - (scores[i - 1] ?? score)) >= -TOLERANCE * Math.abs(score),
  );
  return isSorted ? undefined : `scores are in no order: ${scores.slice(0, 8).join(', ')}`;
}
