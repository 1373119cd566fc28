import * as z from 'zod';
import {
  isSuccess,
  type GatewayLog,
  type LogPatch,
  type LogQuery,
} from '../../../src/gateway/logs/gateway-log.ts';
import { parseInput } from '../../shared/schemas/parse-input.ts';
import { metadataSchema } from './gateway-options.ts';

const PER_PAGE = 20;
const MAX_PER_PAGE = 50;
/** Pages beyond it are not looked for: SQLite walks through all rows before them. */
const MAX_PAGE = 2000;

const count = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
    .optional();
const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional();
const name = z.string().max(256).optional();

/** Of Cloudflare's parameters those that have a meaning here. */
export const logListQuerySchema = z.strictObject({
  page: count(1, MAX_PAGE),
  per_page: count(1, MAX_PER_PAGE),
  order_by: z.literal('created_at').optional(),
  order_by_direction: z.enum(['asc', 'desc']).optional(),
  direction: z.enum(['asc', 'desc']).optional(),
  provider: name,
  model: name,
  success: flag,
  cached: flag,
});

/** What a list is asked for. @throws EngineError `invalid_request` */
export function readLogQuery(
  query: Record<string, string>,
  owner: Pick<LogQuery, 'ownerId' | 'gateway'>,
): { readonly query: LogQuery; readonly page: number } {
  const read = parseInput(logListQuerySchema, query);
  const { page = 1, per_page: limit = PER_PAGE, provider, model, success, cached } = read;
  const direction = read.order_by_direction ?? read.direction;
  return {
    page,
    query: {
      ...owner,
      provider,
      model,
      isSuccess: success,
      isCached: cached,
      oldestFirst: direction === 'asc',
      limit,
      offset: (page - 1) * limit,
    },
  };
}

const logFields = {
  id: z.string(),
  provider: z.string(),
  model: z.string(),
  path: z.string().meta({ description: 'Below the provider.' }),
  status_code: z.int(),
  success: z.boolean(),
  duration: z.number().meta({ description: 'Milliseconds until the last byte.' }),
  cached: z.boolean(),
  step: z.int().meta({ description: 'Which request of a list it was; 0 of one alone.' }),
  tokens_in: z.int().nullable(),
  tokens_out: z.int().nullable(),
  cost: z.number(),
  custom_cost: z.boolean(),
  created_at: z.string(),
  event_id: z.string().nullable(),
  feedback: z.union([z.literal(-1), z.literal(1), z.null()]),
  score: z.number().nullable(),
  request_content_type: z.string(),
  response_content_type: z.string().nullable(),
};

/** What one log has that a list does not show. */
const detailFields = {
  request_size: z.int(),
  response_size: z.int(),
  request_head: z.string().nullable().meta({ description: 'Null unless the request asked to collect it.' }),
  response_head: z.string().nullable(),
  request_head_complete: z.boolean(),
  response_head_complete: z.boolean(),
};

const jsonText = z.string().nullable().meta({ description: 'A JSON object, as text.' });

const envelope = <T extends z.ZodType>(result: T) => ({
  result,
  success: z.literal(true),
  errors: z.array(z.never()),
  messages: z.array(z.never()),
});

export const logListSchema = z
  .object({
    ...envelope(z.array(z.object({ ...logFields, metadata: jsonText }))),
    result_info: z.object({ count: z.int(), page: z.int(), per_page: z.int(), total_count: z.int() }),
  })
  .meta({ id: 'AiGatewayLogList' });
export type LogListBody = z.infer<typeof logListSchema>;

export const logSchema = z
  .object(envelope(z.object({ ...logFields, ...detailFields, metadata: jsonText })))
  .meta({ id: 'AiGatewayLog' });

/** As the class behind `env.AI.gateway` has it: with metadata as an object. */
export const bindingLogSchema = z
  .object({
    ...envelope(
      z.object({ ...logFields, ...detailFields, metadata: z.record(z.string(), z.unknown()).nullable() }),
    ),
  })
  .meta({ id: 'AiGatewayBindingLog' });

export const logPatchedSchema = z.object(envelope(z.looseObject({}))).meta({ id: 'AiGatewayLogPatched' });

export const gatewayUrlSchema = z.object(envelope(z.string())).meta({ id: 'AiGatewayUrl' });
export const bindingUrlSchema = z
  .object(envelope(z.object({ url: z.string() })))
  .meta({ id: 'AiGatewayBindingUrl' });

type LogFields = z.infer<z.ZodObject<typeof logFields>>;
type DetailFields = z.infer<z.ZodObject<typeof detailFields>>;

export function toLogFields(log: GatewayLog): LogFields {
  return {
    id: log.id,
    provider: log.provider,
    model: log.model,
    path: log.path,
    status_code: log.statusCode,
    success: isSuccess(log),
    duration: log.durationMs,
    cached: log.isCached,
    step: log.step,
    tokens_in: log.tokensIn ?? null,
    tokens_out: log.tokensOut ?? null,
    cost: log.cost ?? 0,
    custom_cost: log.cost !== undefined,
    created_at: log.createdAt,
    event_id: log.eventId ?? null,
    feedback: log.feedback ?? null,
    score: log.score ?? null,
    request_content_type: log.requestContentType,
    response_content_type: log.responseContentType ?? null,
  };
}

export function toDetailFields({
  requestBytes,
  responseBytes,
  requestHead,
  responseHead,
}: GatewayLog): DetailFields {
  return {
    request_size: requestBytes,
    response_size: responseBytes,
    request_head: requestHead?.text ?? null,
    response_head: responseHead?.text ?? null,
    request_head_complete: requestHead?.isWhole ?? false,
    response_head_complete: responseHead?.isWhole ?? false,
  };
}

export const metadataText = ({ metadata }: GatewayLog): string | null =>
  metadata === undefined ? null : JSON.stringify(metadata);

export const enveloped = <T>(result: T) => ({ result, success: true as const, errors: [], messages: [] });

export const logPatchSchema = z
  .strictObject({
    feedback: z
      .union([z.literal(-1), z.literal(0), z.literal(1), z.null()])
      .optional()
      .meta({ description: '1: good; -1: bad; 0 or null takes it back.' }),
    score: z.number().min(0).max(100).nullish(),
    metadata: metadataSchema.nullish(),
  })
  .meta({ id: 'AiGatewayLogPatch' });

/** @throws EngineError `invalid_request` */
export function readLogPatch(body: Record<string, unknown>): LogPatch {
  const { feedback, score, metadata } = parseInput(logPatchSchema, body);
  return {
    ...(feedback === undefined ? {} : { feedback: feedback === 0 ? null : feedback }),
    ...(score === undefined ? {} : { score }),
    ...(metadata === undefined ? {} : { metadata: metadata ?? undefined }),
  };
}
