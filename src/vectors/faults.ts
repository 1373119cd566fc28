import { EngineError, type ErrorCode } from '../errors.ts';

/**
 * Cloudflare's numbers of faults, with what it says. They are not documented: these are the ones that users of Vectorize
 * report. What has no number of its own here has that of a body which cannot be read.
 */
export const FAULT = {
  noIndex: 3000,
  duplicateIndex: 3002,
  queryVector: 40006,
  tooManyIds: 40007,
  longId: 40008,
  vector: 40012,
  metadata: 40016,
  upsert: 40023,
  topK: 40025,
  body: 40026,
  cursor: 40052,
} as const;

/** @param message in Cloudflare's words, where it has any */
export function vectorFault(
  number: (typeof FAULT)[keyof typeof FAULT],
  message: string,
  { code = 'invalid_request', param }: { code?: ErrorCode; param?: string } = {},
): EngineError {
  return new EngineError(code, message, {
    cloudflareCode: number,
    ...(param === undefined ? {} : { param }),
  });
}

/** A query that cannot be read. */
export const bodyFault = (param: string, complaint: string): EngineError =>
  vectorFault(FAULT.body, `Failed to parse the request body as JSON: ${param}: ${complaint}`, { param });

/** A batch of vectors that cannot be read. */
export const upsertFault = (complaint: string): EngineError =>
  vectorFault(FAULT.upsert, `failed to parse upsert vectors request: ${complaint}`);
