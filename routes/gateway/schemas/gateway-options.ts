import * as z from 'zod';
import { invalidField } from '../../../src/errors.ts';
import { BACKOFFS, mergeOptions, type GatewayOptions } from '../../../src/gateway/gateway-options.ts';
import type { Metadata } from '../../../src/gateway/logs/gateway-log.ts';
import { isRecord } from '../../../src/values.ts';
import { bindingRequestSchema } from '../../workers-ai/schemas/binding.ts';
import { boundedRecord } from '../../shared/schemas/bounds.ts';
import { jsonObjectSchema } from '../../shared/schemas/json-object.ts';
import { parseInput } from '../../shared/schemas/parse-input.ts';

/** Cloudflare's bounds: a month, five attempts, five seconds between two, five entries of metadata. */
const MAX_CACHE_TTL_S = 31 * 24 * 3600;
const MAX_ATTEMPTS = 5;
const MAX_RETRY_DELAY_MS = 5000;
const MAX_METADATA = 5;
const MAX_METADATA_CHARACTERS = 1024;
const MAX_ID_CHARACTERS = 256;
const MAX_TIMEOUT_MS = 3_600_000;

const id = z.string().min(1).max(MAX_ID_CHARACTERS);
/** It is sent back as a header. */
const eventId = id.regex(/^[\x20-\x7e]*$/, 'must have printable characters of ASCII alone');
const cacheTtl = z.int().min(0).max(MAX_CACHE_TTL_S);
const requestTimeout = z.int().min(1).max(MAX_TIMEOUT_MS);
const maxAttempts = z.int().min(1).max(MAX_ATTEMPTS);
const retryDelay = z.int().min(0).max(MAX_RETRY_DELAY_MS);
const backoff = z.enum(BACKOFFS);
const price = z.number().min(0).max(1e9);

const metadataValue = z.union([z.string().max(MAX_METADATA_CHARACTERS), z.number(), z.boolean(), z.null()]);

/** Of more entries, the first five: as Cloudflare has it. The others are not looked at. */
export const metadataSchema = z.preprocess(
  (given) => (isRecord(given) ? firstEntries(given, MAX_METADATA) : given),
  z.record(z.string().min(1).max(MAX_ID_CHARACTERS), metadataValue) satisfies z.ZodType<Metadata>,
);

function firstEntries(record: Readonly<Record<string, unknown>>, count: number): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const key in record) {
    if (entries.length >= count) break;
    if (Object.hasOwn(record, key)) entries.push([key, record[key]]);
  }
  return Object.fromEntries(entries);
}

const customCost = z.strictObject({
  per_token_in: price.optional(),
  per_token_out: price.optional(),
  total_cost: price.optional(),
});

/** A value as a header has it. */
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const wholeNumber = (schema: z.ZodType<number, number>) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(schema);

/** The headers of a request, or of a step of a list. */
export const gatewayHeadersSchema = z.object({
  'cf-aig-skip-cache': flag
    .optional()
    .meta({ description: '`true`: the answer neither comes from the cache nor goes into it.' }),
  'cf-aig-cache-ttl': wholeNumber(cacheTtl).optional().meta({
    description: 'Seconds for which the answer is kept and taken from the cache; 0: it is not. By default 0.',
  }),
  'cf-aig-cache-key': id.optional().meta({
    description: 'Stands for the body in the key of the cache; kept for 300 seconds unless told otherwise.',
  }),
  'cf-aig-metadata': metadataSchema
    .optional()
    .meta({ description: 'JSON object with up to five entries for the log; of more the first five.' }),
  'cf-aig-collect-log': flag.optional().meta({
    description:
      '`false`: no log. `true`: a log with the beginnings of request and answer. By default a log without texts.',
  }),
  'cf-aig-collect-log-payload': flag
    .optional()
    .meta({ description: 'Whether the log has the beginnings of request and answer.' }),
  'cf-aig-event-id': eventId.optional().meta({ description: 'Kept with the log, and sent back.' }),
  'cf-aig-request-timeout': wholeNumber(requestTimeout)
    .optional()
    .meta({ description: 'Milliseconds until the first part of an answer, for each attempt.' }),
  'cf-aig-max-attempts': wholeNumber(maxAttempts)
    .optional()
    .meta({ description: 'At most 5; 1 by default.' }),
  'cf-aig-retry-delay': wholeNumber(retryDelay)
    .optional()
    .meta({ description: 'Milliseconds between two attempts, at most 5000.' }),
  'cf-aig-backoff': backoff.optional().meta({ description: 'How the delay grows.' }),
  'cf-aig-custom-cost': customCost.optional().meta({
    description:
      'JSON object: `per_token_in` and `per_token_out`, or `total_cost`; the log has what comes of it.',
  }),
});

/** Names that Cloudflare's documents had before. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  'cf-skip-cache': 'cf-aig-skip-cache',
  'cf-cache-ttl': 'cf-aig-cache-ttl',
};

const JSON_HEADERS: ReadonlySet<string> = new Set(['cf-aig-metadata', 'cf-aig-custom-cost']);

function readJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalidField(name, 'must be a JSON object');
  }
}

/** @throws EngineError `invalid_request` that names the header */
export function readGatewayHeaders(headers: Iterable<readonly [string, string]>): GatewayOptions {
  const values: Record<string, unknown> = {};
  for (const [name, value] of headers) {
    const key = OLD_NAMES[name] ?? name;
    if (Object.hasOwn(gatewayHeadersSchema.shape, key))
      values[key] = JSON_HEADERS.has(key) ? readJson(key, value) : value;
  }
  const read = parseInput(gatewayHeadersSchema, values);
  const cost = read['cf-aig-custom-cost'];
  return {
    skipsCache: read['cf-aig-skip-cache'],
    cacheTtlS: read['cf-aig-cache-ttl'],
    cacheKey: read['cf-aig-cache-key'],
    metadata: read['cf-aig-metadata'],
    collectsLog: read['cf-aig-collect-log'],
    collectsTexts: read['cf-aig-collect-log-payload'],
    eventId: read['cf-aig-event-id'],
    requestTimeoutMs: read['cf-aig-request-timeout'],
    maxAttempts: read['cf-aig-max-attempts'],
    retryDelayMs: read['cf-aig-retry-delay'],
    backoff: read['cf-aig-backoff'],
    customCost: cost && {
      perTokenIn: cost.per_token_in,
      perTokenOut: cost.per_token_out,
      total: cost.total_cost,
    },
  };
}

/** A gateway's name. */
export const gatewayId = z.string().regex(/^[\w-]{1,64}$/, 'must have 1 to 64 letters, digits, - and _');

const bindingGatewaySchema = z.looseObject({
  id: gatewayId.optional(),
  skipCache: z.boolean().optional(),
  cacheTtl: cacheTtl.optional(),
  cacheKey: id.optional(),
  metadata: metadataSchema.optional(),
  collectLog: z.boolean().optional(),
  eventId: eventId.optional(),
  requestTimeoutMs: requestTimeout.optional(),
  retries: z
    .looseObject({
      maxAttempts: maxAttempts.optional(),
      retryDelayMs: retryDelay.optional(),
      backoff: backoff.optional(),
    })
    .optional(),
});

/** What `env.AI.run` sends with `gateway`. */
export const gatewayRunRequestSchema = bindingRequestSchema
  .extend({
    options: z
      .looseObject({
        ...bindingRequestSchema.shape.options.unwrap().shape,
        gateway: bindingGatewaySchema.optional(),
      })
      .optional()
      .meta({ description: "Any JSON object with options of Cloudflare's; these count." }),
  })
  .meta({ id: 'AiGatewayRunRequest' });

/** The gateway of every account at Cloudflare. */
export const DEFAULT_GATEWAY = 'default';

/** The option `gateway` of `env.AI.run`. */
export const fromBindingGateway = (gateway: z.infer<typeof bindingGatewaySchema>): GatewayOptions => ({
  skipsCache: gateway.skipCache,
  cacheTtlS: gateway.cacheTtl,
  cacheKey: gateway.cacheKey,
  metadata: gateway.metadata,
  collectsLog: gateway.collectLog,
  eventId: gateway.eventId,
  requestTimeoutMs: gateway.requestTimeoutMs,
  maxAttempts: gateway.retries?.maxAttempts,
  retryDelayMs: gateway.retries?.retryDelayMs,
  backoff: gateway.retries?.backoff,
});

/** Most requests in a list. */
const MAX_STEPS = 16;
/** Of one of them. Each is read and sorted several times by the thread that answers. */
const MAX_STEP_HEADERS = 128;

const stepSchema = z
  .looseObject({
    provider: z.string().min(1).max(MAX_ID_CHARACTERS),
    endpoint: z.string().max(2048),
    headers: boundedRecord(z.string(), z.unknown(), MAX_STEP_HEADERS).optional(),
    query: jsonObjectSchema.meta({ description: 'The body, as the provider has it.' }),
    config: z
      .looseObject({
        requestTimeout: requestTimeout.optional(),
        maxAttempts: maxAttempts.optional(),
        retryDelay: retryDelay.optional(),
        backoff: backoff.optional(),
        cacheTtl: cacheTtl.optional(),
        skipCache: z.boolean().optional(),
      })
      .optional(),
  })
  .meta({ id: 'AiGatewayStep', description: 'Any JSON object; these of its members count.' });

/** A list of requests that are tried in order; one alone may stand without the list. */
export const universalRequestSchema = z
  .union([z.array(stepSchema).min(1).max(MAX_STEPS), stepSchema])
  .meta({ id: 'AiGatewayUniversalRequest' });

export const UNIVERSAL_EXAMPLE = {
  provider: 'openai',
  endpoint: 'completions',
  query: { prompt: 'Once upon a time', max_tokens: 8 },
};

const universalBodySchema = z.object({ body: z.array(stepSchema).min(1).max(MAX_STEPS) });

/** An entry of a list, read. */
export interface UniversalStep {
  readonly provider: string;
  readonly endpoint: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly query: Record<string, unknown>;
  readonly options: GatewayOptions;
}

/** @throws EngineError `invalid_request` */
export function readUniversalRequest(body: Record<string, unknown> | unknown[]): UniversalStep[] {
  const steps = parseInput(universalBodySchema, { body: Array.isArray(body) ? body : [body] }).body;
  return steps.map(({ provider, endpoint, headers = {}, query, config = {} }) => {
    const entries = Object.entries(headers).flatMap(([name, value]) => headerEntry(name, value));
    return {
      provider,
      endpoint,
      headers: entries,
      query,
      options: mergeOptions(
        {
          skipsCache: config.skipCache,
          cacheTtlS: config.cacheTtl,
          requestTimeoutMs: config.requestTimeout,
          maxAttempts: config.maxAttempts,
          retryDelayMs: config.retryDelay,
          backoff: config.backoff,
        },
        readGatewayHeaders(entries),
      ),
    };
  });
}

/** A header as its step has it: numbers, switches and objects are written as workerd writes them. */
function headerEntry(name: string, value: unknown): [string, string][] {
  if (value === undefined || value === null) return [];
  return [[name.toLowerCase(), typeof value === 'string' ? value : JSON.stringify(value)]];
}
