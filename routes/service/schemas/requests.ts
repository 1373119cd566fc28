import * as z from 'zod';
import type { RequestRecord } from '../../../src/engine/engine.ts';
import { toBodyId } from '../../../src/http/middleware/request-id.ts';
import { toUsageBody } from '../../openai/schemas/completion-writer.ts';
import { usageSchema } from '../../openai/schemas/completions.ts';

/** The parameter of a path that names a request. */
export const requestIdParam = z.object({
  id: z.string().meta({
    description: 'As in `x-request-id`, or as in the body (`cmpl-…`, `chatcmpl-…`, `resp_…`, `msg_…`).',
    param: { id: 'request-id' },
  }),
});

export const requestRecordSchema = z
  .object({
    id: z.string(),
    object: z.literal('request'),
    status: z.enum(['queued', 'running', 'finished', 'cancelled', 'failed']),
    queue_position: z
      .int()
      .nullable()
      .meta({
        id: 'QueuePosition',
        description:
          'While it waits: which of the waiting sequences its first one is expected to be, from 1. An estimate: clients ' +
          'have equal shares, and a client that comes may go before.',
      }),
    queue_length: z.int().nullable().meta({ description: 'While it waits: how many sequences wait in all.' }),
    cancel_cause: z.enum(['disconnect', 'delete', 'timeout', 'shutdown']).nullable(),
    error_code: z.string().nullable(),
    finish_reasons: z.array(z.enum(['stop', 'length', 'abort', 'error'])),
    usage: usageSchema,
    timings: z
      .object({
        queue_ms: z.number().nullable(),
        ttft_ms: z.number().nullable(),
        tpot_ms: z.number().nullable(),
        total_ms: z.number(),
      })
      .meta({ id: 'RequestTimings', description: 'Milliseconds; null if the request did not get that far.' }),
    wasted_tokens: z
      .int()
      .meta({ description: 'Tokens computed after their choice had ended or been cancelled.' }),
  })
  .meta({ id: 'RequestRecord' });

/** Most requests that a list has. */
export const MAX_LISTED_REQUESTS = 1000;

export const requestListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(
      requestRecordSchema
        .extend({
          id: z.string().nullable().meta({ description: "Null for another client's request." }),
          model: z.string(),
          seats: z.array(z.int()).meta({
            description:
              'The seats of the KV cache that its sequences run in, from 0. A sequence that waits, also since it was ' +
              'preempted, has none.',
          }),
          max_tokens: z.int().meta({ description: 'Of each of its completions.' }),
        })
        .meta({ id: 'RunningRequest' }),
    ),
    has_more: z.boolean().meta({
      description: `More than ${MAX_LISTED_REQUESTS} there are; the list has those that came first.`,
    }),
  })
  .meta({ id: 'RequestList' });

export const cancelResponseSchema = z
  .object({
    ...requestRecordSchema.shape,
    cancelled: z.boolean().meta({ description: 'False if the request had already ended.' }),
  })
  .meta({ id: 'CancelledRequest' });

export type RequestRecordBody = z.output<typeof requestRecordSchema>;
export type RequestListBody = z.output<typeof requestListSchema>;
export type CancelBody = z.output<typeof cancelResponseSchema>;

/** A request as it stands, by the id that its completion's body has. */
export function toRequestRecordBody(record: RequestRecord): RequestRecordBody {
  const { queueMs, ttftMs, tpotMs, totalMs } = record.timings;
  return {
    id: toBodyId(record.id),
    object: 'request',
    status: record.status,
    queue_position: record.queuePosition?.position ?? null,
    queue_length: record.queuePosition?.numWaiting ?? null,
    cancel_cause: record.cancelCause ?? null,
    error_code: record.errorCode ?? null,
    finish_reasons: [...record.finishReasons],
    usage: toUsageBody(record.usage),
    timings: {
      queue_ms: queueMs ?? null,
      ttft_ms: ttftMs ?? null,
      tpot_ms: tpotMs ?? null,
      total_ms: totalMs,
    },
    wasted_tokens: record.numWastedTokens,
  };
}
