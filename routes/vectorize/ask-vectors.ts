import type * as z from 'zod';
import { EngineError } from '../../src/errors.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { useBody } from '../../src/http/edge/whole-body.ts';
import { checkAdminRoute } from '../../src/http/middleware/admin-route.ts';
import { FAULT, vectorFault } from '../../src/vectors/faults.ts';
import { LIMITS } from '../../src/vectors/limits.ts';
import type { VectorQuestion } from '../../src/vectors/vector-jobs.ts';
import type { PutMode } from '../../src/vectors/vector-types.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';

/** What the routes of Vectorize have in common: who may ask, how bodies are read, and how answers are wrapped. */

/** The binding has bare results, the REST API wraps them. */
export type Wrapping = 'bare' | 'envelope';

/** @throws EngineError `forbidden` where VECTORIZE does not let the caller */
export function checkCaller(c: AppContext, { config }: RouteDependencies): void {
  checkAdminRoute(c, config.vectorize, 'VECTORIZE');
}

/** Asks the process of the indexes, of a caller who may; answers with JSON. */
export const ask = (
  c: AppContext,
  { vectors }: RouteDependencies,
  question: VectorQuestion,
): Promise<string> => vectors.ask(question, callerOf(c));

const callerOf = (c: AppContext): { clientId: string; signal: AbortSignal } => ({
  clientId: c.get('scope').clientId,
  signal: c.req.raw.signal,
});

/** A body of JSON by its schema. @throws EngineError with Cloudflare's number of a body that cannot be read */
export async function readInput<T>(
  c: AppContext,
  { config }: RouteDependencies,
  schema: z.ZodType<T>,
): Promise<T> {
  try {
    return parseInput(schema, await readJsonBody(c, config.bodyLimitBytes));
  } catch (error) {
    throw error instanceof EngineError && error.code === 'invalid_request' ? unreadable(error) : error;
  }
}

const unreadable = ({ markedMessage, param }: EngineError): EngineError =>
  vectorFault(
    FAULT.body,
    `Failed to parse the request body as JSON: ${markedMessage}`,
    param === undefined ? {} : { param },
  );

/** Lines of vectors, or a form with them. */
const UPLOAD = {
  limitBytes: LIMITS.uploadBytes,
  limitName: 'the most of one upload',
  mediaType: /^(?:application\/(?:x-ndjson|ndjson|jsonl|json)|multipart\/form-data)$/,
  mediaName: 'application/x-ndjson or multipart/form-data',
  // One of the largest, and some smaller ones.
  heldBytes: 128 * 2 ** 20,
};

/** Vectors of the request's body into an index. */
export async function putVectors(
  c: AppContext,
  { vectors }: RouteDependencies,
  { index, mode, maxVectors }: { index: string; mode: PutMode; maxVectors: number },
): Promise<string> {
  const batch = {
    maxVectors,
    contentType: c.req.header('content-type') ?? '',
    discardsUnreadable: c.req.query('unparsable-behavior') === 'discard',
  };
  return useBody(c, UPLOAD, (bytes, signal) => {
    c.get('scope').onPhase?.('preparing', bytes.length);
    return vectors.put(bytes, { type: 'put', index, mode }, batch, { ...callerOf(c), signal });
  });
}

/** Ids of vectors. @throws EngineError for more than `most` of them */
export function checkIds(ids: readonly string[], most: number): readonly string[] {
  if (ids.length <= most) return ids;
  throw vectorFault(FAULT.tooManyIds, `too many ids in payload; max id count is ${most}, got ${ids.length}`, {
    param: 'ids',
  });
}

/** @param result JSON, which is not read: it may be a megabyte */
export function answer(c: AppContext, result: string, wrapping: Wrapping): Response {
  const body = wrapping === 'bare' ? result : `{"result":${result},"success":true,"errors":[],"messages":[]}`;
  // With a charset some clients take it for something else.
  return c.body(body, 200, { 'content-type': 'application/json' });
}
