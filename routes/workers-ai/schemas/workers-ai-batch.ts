import * as z from 'zod';
import type { BatchJob, BatchUsage } from '../../../src/batch/batch-job.ts';
import type { EngineError } from '../../../src/errors.ts';
import { toErrorBody } from '../../../src/http/error-response.ts';
import { nameSchema } from '../../shared/schemas/bounds.ts';
import { wrap, type Wrapping } from './workers-ai-answer.ts';

/** Looked at one by one as the job comes, so that there are not too many. */
export const MAX_BATCH_ITEMS = 10_000;
const MAX_REFERENCE_LENGTH = 512;

/** One request of a job: what it asks for is read when its turn comes. */
export interface BatchRequest {
  readonly body: Record<string, unknown>;
  readonly externalReference: string | null;
}

interface BatchFault {
  path: (string | number)[];
  message: string;
}

/** Written by hand: zod would copy every entry of a long list. */
const requestsSchema = z
  .unknown()
  .transform((value, context): readonly BatchRequest[] => {
    const read = readRequests(value);
    if (Array.isArray(read)) return read;
    context.issues.push({ code: 'custom', input: undefined, ...read });
    return z.NEVER;
  })
  .meta({
    description:
      'Bodies of this route, each answered by itself; none may ask for `stream` or `rejectIfBusy`.',
    override: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_BATCH_ITEMS,
      items: {
        type: 'object',
        properties: {
          external_reference: {
            anyOf: [{ type: 'string', maxLength: MAX_REFERENCE_LENGTH }, { type: 'null' }],
            description: 'Comes back beside the result.',
          },
        },
      },
    },
  });

/** With `?queueRequest=true`: a new job. */
export const batchRequestSchema = z
  .strictObject({ requests: requestsSchema })
  .meta({ id: 'WorkersAiBatchRequest' });

/** With `?queueRequest=true`: asks how a job stands. */
export const batchPollSchema = z
  .strictObject({ request_id: nameSchema.meta({ description: 'As the job was answered with it.' }) })
  .meta({ id: 'WorkersAiBatchPoll' });

const envelopeFields = {
  success: z.literal(true),
  errors: z.array(z.never()),
  messages: z.array(z.string()),
};

const statusResultSchema = z
  .object({
    status: z.enum(['queued', 'running']),
    request_id: z.string(),
    model: z.string(),
  })
  .meta({ id: 'WorkersAiBatchStatusResult' });

/** How a job stands that is not done. */
export const batchStatusSchema = z
  .object({ result: statusResultSchema, ...envelopeFields })
  .meta({ id: 'WorkersAiBatchStatus' });

const answersResultSchema = z
  .object({
    responses: z.array(
      z.object({
        id: z.int().meta({ description: 'Its index in `requests`, from 0.' }),
        result: z
          .unknown()
          .meta({ description: 'As the answer to such a request has it; null after an error.' }),
        success: z.boolean(),
        errors: z
          .array(z.object({ code: z.int(), message: z.string(), source: z.unknown().optional() }))
          .optional()
          .meta({ description: 'Why it failed.' }),
        external_reference: z.string().nullable(),
      }),
    ),
    usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }),
  })
  .meta({ id: 'WorkersAiBatchResult' });

/** A job that is done. */
export const batchResponseSchema = z
  .object({ result: answersResultSchema, ...envelopeFields })
  .meta({ id: 'WorkersAiBatchResponse' });

/** A job without an envelope. */
export const batchResultSchemas = [statusResultSchema, answersResultSchema] as const;

export const toStatusBody = (
  { id, modelId, status }: Pick<BatchJob, 'id' | 'modelId'> & { status: 'queued' | 'running' },
  wrapping: Wrapping,
): object => wrap({ status, request_id: id, model: modelId }, wrapping);

/** The JSON of a request's entry in the answer; a job may have thousands, so that they are kept as text. */
export const toEntry = (id: number, { externalReference }: BatchRequest, result: unknown): string =>
  JSON.stringify({ id, result, success: true, external_reference: externalReference });

export function toFailedEntry(
  id: number,
  { externalReference }: BatchRequest,
  error: EngineError,
  requestId: string,
): string {
  const body = toErrorBody(error, { api: 'workers-ai' }, requestId);
  const errors = 'errors' in body ? body.errors : [];
  return JSON.stringify({ id, result: null, success: false, errors, external_reference: externalReference });
}

const PIECE_LENGTH = 65_536;
const ENVELOPE_END = ',"success":true,"errors":[],"messages":[]}';

/** The JSON of `batchResponseSchema` in pieces: all at once would hold the thread for as long as a job is large. */
export function* batchBodyPieces(
  entries: Iterable<string>,
  { numPromptTokens, numGeneratedTokens }: BatchUsage,
  wrapping: Wrapping,
): Generator<string> {
  const [before, after] = wrapping === 'bare' ? ['', ''] : ['{"result":', ENVELOPE_END];
  let piece = `${before}{"responses":[`;
  let separator = '';
  for (const entry of entries) {
    piece += separator + entry;
    separator = ',';
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = '';
  }
  const usage = {
    prompt_tokens: numPromptTokens,
    completion_tokens: numGeneratedTokens,
    total_tokens: numPromptTokens + numGeneratedTokens,
  };
  yield `${piece}],"usage":${JSON.stringify(usage)}}${after}`;
}

function readRequests(value: unknown): BatchRequest[] | BatchFault {
  if (value === undefined) return { path: [], message: 'is required' };
  if (!Array.isArray(value)) return { path: [], message: 'must be a list of requests' };
  const list: unknown[] = value;
  if (list.length === 0) return { path: [], message: 'is an empty list; it needs at least one request' };
  if (list.length > MAX_BATCH_ITEMS) {
    return { path: [], message: `must have at most ${MAX_BATCH_ITEMS} entries, not ${list.length}` };
  }
  const requests: BatchRequest[] = [];
  for (const [index, entry] of list.entries()) {
    const request = readRequest(entry, index);
    if ('message' in request) return request;
    requests.push(request);
  }
  return requests;
}

/** JSON of a request, as it waits for its turn. */
export const toRequestJson = ({ body, externalReference }: BatchRequest): string =>
  JSON.stringify({ ...body, external_reference: externalReference });

/** What `toRequestJson` wrote. */
export function fromRequestJson(text: string): BatchRequest {
  const { external_reference: externalReference, ...body } = JSON.parse(text) as Record<string, unknown>;
  return { body, externalReference: typeof externalReference === 'string' ? externalReference : null };
}

function readRequest(entry: unknown, index: number): BatchRequest | BatchFault {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return { path: [index], message: 'must be an object, the body of a request' };
  }
  const { external_reference: reference = null, ...body } = entry as Record<string, unknown>;
  // JSON has no form of it, and the request waits as JSON.
  const [infinite] =
    Object.entries(body).find(([, field]) => field === Infinity || field === -Infinity) ?? [];
  if (infinite !== undefined) return { path: [index, infinite], message: 'must be a finite number' };
  if (reference === null) return { body, externalReference: null };
  if (typeof reference === 'string' && reference.length <= MAX_REFERENCE_LENGTH) {
    return { body, externalReference: reference };
  }
  const message = `must be a text of at most ${MAX_REFERENCE_LENGTH} characters`;
  return { path: [index, 'external_reference'], message };
}
