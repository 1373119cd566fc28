import { clip } from '../values.ts';
import type { EngineError, ErrorCode } from '../errors.ts';
import type { FieldNames } from '../field-names.ts';
import type { ApiFamily, RouteFacts } from './route-facts.ts';

interface HttpError {
  status: number;
  /** `error.type` of OpenAI's envelope. */
  openAiType: string;
  /** Code of the Workers AI envelope, from Cloudflare's error page (platform/errors) where it has one. */
  workersAiCode: number;
  /** Where Cloudflare answers the same fault with another status. */
  workersAiStatus?: number;
}

const BAD_REQUEST = 'invalid_request_error';
const SERVER_ERROR = 'server_error';

/** The one place that knows what HTTP makes of an error. */
const HTTP_ERRORS: Record<ErrorCode, HttpError> = {
  invalid_request: { status: 400, openAiType: BAD_REQUEST, workersAiCode: 5004 }, // Invalid data
  context_length_exceeded: {
    status: 400,
    openAiType: BAD_REQUEST,
    workersAiCode: 5021, // Not on that page; clients look for it, and for the status
    workersAiStatus: 413,
  },
  format_too_complex: { status: 400, openAiType: BAD_REQUEST, workersAiCode: 5024 }, // as for JSON that was not met
  output_incomplete: { status: 400, openAiType: BAD_REQUEST, workersAiCode: 5024 }, // JSON Mode couldn't be met
  model_not_found: { status: 404, openAiType: BAD_REQUEST, workersAiCode: 5007, workersAiStatus: 400 }, // No such model
  not_found: { status: 404, openAiType: BAD_REQUEST, workersAiCode: 7000 }, // No route for that URI
  gone: { status: 410, openAiType: BAD_REQUEST, workersAiCode: 7000 },
  method_not_allowed: { status: 405, openAiType: BAD_REQUEST, workersAiCode: 7001 }, // Method not available
  payload_too_large: { status: 413, openAiType: BAD_REQUEST, workersAiCode: 3006 }, // Request too large
  unauthorized: { status: 401, openAiType: 'authentication_error', workersAiCode: 10000 }, // Authentication error
  forbidden: { status: 403, openAiType: 'permission_error', workersAiCode: 3041 }, // Not allowed
  misdirected_request: { status: 421, openAiType: BAD_REQUEST, workersAiCode: 7000 },
  conflict: { status: 409, openAiType: BAD_REQUEST, workersAiCode: 5004 },
  queue_full: { status: 429, openAiType: 'rate_limit_error', workersAiCode: 3040 }, // Out of capacity
  rate_limited: { status: 429, openAiType: 'rate_limit_error', workersAiCode: 3036 }, // Account limited
  limits_unavailable: { status: 503, openAiType: 'service_unavailable_error', workersAiCode: 7009 }, // Unavailable
  engine_not_ready: { status: 503, openAiType: 'service_unavailable_error', workersAiCode: 7009 }, // Unavailable
  insufficient_memory: { status: 503, openAiType: 'service_unavailable_error', workersAiCode: 3040 }, // Out of capacity
  request_timeout: { status: 504, openAiType: 'timeout_error', workersAiCode: 3007, workersAiStatus: 408 }, // Timeout
  backend_failure: { status: 500, openAiType: SERVER_ERROR, workersAiCode: 3043 }, // Internal server error
  provider_unreachable: { status: 502, openAiType: 'service_unavailable_error', workersAiCode: 7009 }, // Unavailable
  backend_unavailable: { status: 500, openAiType: SERVER_ERROR, workersAiCode: 3043 },
  weights_invalid: { status: 500, openAiType: SERVER_ERROR, workersAiCode: 3043 },
  config_invalid: { status: 500, openAiType: SERVER_ERROR, workersAiCode: 3043 },
  download_failed: { status: 500, openAiType: SERVER_ERROR, workersAiCode: 3043 },
  internal: { status: 500, openAiType: SERVER_ERROR, workersAiCode: 3043 },
};

/** `error.type` of Anthropic's envelope by the status; `invalid_request_error` for any other below 500, else `api_error`. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

/** A client that is told nothing better comes back after a second. */
const DEFAULT_RETRY_AFTER_MS = 1000;

/** By this number of AI Gateway its clients know that a key is missing. */
const GATEWAY_UNAUTHORIZED = 2009;

/** RFC 9110 wants one with every 401, RFC 6750 has its form. */
const ASKS_FOR_KEY = { 'www-authenticate': 'Bearer realm="tokenflare"' };

export interface OpenAiErrorBody {
  error: { message: string; type: string; code: ErrorCode; param: string | null; request_id: string };
}

export interface WorkersAiErrorBody {
  result: null;
  success: false;
  /** `source.pointer` names the field at fault as a JSON pointer, as Cloudflare's API does. */
  errors: { code: number; message: string; source?: { pointer: string } }[];
  messages: string[];
}

export interface AnthropicErrorBody {
  type: 'error';
  error: { type: string; message: string; details?: ThreadRefusal };
  request_id: string;
}

/** What Anthropic says where it holds no conversation for a request. */
interface ThreadRefusal {
  error_code: 'thread_unsupported_request';
  unsupported: string[];
}

/** What the class behind `env.AI` reads: of a run the first three, elsewhere `errors` (workerd, ai-api.ts). */
export interface WorkersBindingErrorBody {
  internalCode: number;
  name: 'InferenceUpstreamError';
  description: string;
  message: string;
  errors: { code: number; message: string }[];
}

/** What AI Gateway answers itself, and not a provider behind it: its clients read `error`. */
export interface GatewayErrorBody {
  success: false;
  result: [];
  messages: [];
  error: { code: number; message: string }[];
}

/** What the class behind a Worker's Vectorize reads (workerd, vectorize-api.ts). */
export interface VectorizeErrorBody {
  error: string;
  code: number;
}

/** Ollama's: its clients read the text alone. */
export interface OllamaErrorBody {
  error: string;
}

type ErrorBody =
  | OpenAiErrorBody
  | WorkersAiErrorBody
  | WorkersBindingErrorBody
  | VectorizeErrorBody
  | GatewayErrorBody
  | AnthropicErrorBody
  | OllamaErrorBody;

export interface ErrorResponse {
  status: number;
  headers: Record<string, string>;
  body: ErrorBody;
}

const CLOUDFLARES: ReadonlySet<ApiFamily> = new Set<ApiFamily>([
  'workers-ai',
  'workers-binding',
  'vectorize-binding',
]);

/** The HTTP status that a code has in a family. */
export function httpStatusOf(code: ErrorCode, family: ApiFamily): number {
  const { status, workersAiStatus } = HTTP_ERRORS[code];
  return CLOUDFLARES.has(family) ? (workersAiStatus ?? status) : status;
}

type SpokenApi = Pick<RouteFacts, 'api' | 'fieldNames'>;

/** Status, headers and body that answer a request with an error. */
export function toErrorResponse(error: EngineError, route: SpokenApi, requestId: string): ErrorResponse {
  const status = httpStatusOf(error.code, route.api ?? 'openai');
  return {
    status,
    headers: { ...retryHeaders(error, status), ...(status === 401 ? ASKS_FOR_KEY : {}) },
    body: toErrorBody(error, route, requestId),
  };
}

/** The error in the envelope of a route's API, in its words; also the frame that ends a stream. */
export function toErrorBody(
  error: EngineError,
  { api: family = 'openai', fieldNames }: SpokenApi,
  requestId: string,
): ErrorBody {
  const message = clientMessage(error, requestId, fieldNames);
  if (family === 'anthropic') return toAnthropicBody(error, message, requestId);
  if (family === 'ollama') return { error: message };
  const { openAiType } = HTTP_ERRORS[error.code];
  const cloudflareCode = error.cloudflareCode ?? HTTP_ERRORS[error.code].workersAiCode;
  const { param: field } = error.inWordsOf(fieldNames);
  // It may name a field as the client did.
  const param = field === undefined ? null : clip(field);
  if (family === 'openai') {
    return { error: { message, type: openAiType, code: error.code, param, request_id: requestId } };
  }
  if (family === 'workers-binding') {
    const [internalCode, name] = [cloudflareCode, 'InferenceUpstreamError'] as const;
    return { internalCode, name, description: message, message, errors: [{ code: cloudflareCode, message }] };
  }
  if (family === 'vectorize-binding') return { error: message, code: cloudflareCode };
  if (family === 'ai-gateway') {
    const code = error.code === 'unauthorized' ? GATEWAY_UNAUTHORIZED : cloudflareCode;
    return { success: false, result: [], messages: [], error: [{ code, message }] };
  }
  const source = param === null ? {} : { source: { pointer: toJsonPointer(param) } };
  return {
    result: null,
    success: false,
    errors: [{ code: cloudflareCode, message, ...source }],
    messages: [],
  };
}

function toAnthropicBody(
  { code, param }: EngineError,
  message: string,
  requestId: string,
): AnthropicErrorBody {
  const { status } = HTTP_ERRORS[code];
  const type = ANTHROPIC_TYPES[status] ?? (status < 500 ? BAD_REQUEST : 'api_error');
  // Agents look for Anthropic's own words before they shorten a conversation.
  const text = code === 'context_length_exceeded' ? `prompt is too long: ${message}` : message;
  // By this code the tool runner of Anthropic's client knows to go on by sending the whole conversation each time.
  const details: ThreadRefusal = { error_code: 'thread_unsupported_request', unsupported: ['thread'] };
  return {
    type: 'error',
    error: { type, message: text, ...(param === 'thread' ? { details } : {}) },
    request_id: requestId,
  };
}

/** What the official SDK obeys: `x-should-retry` first, then `retry-after-ms`, then `retry-after`. */
function retryHeaders(error: EngineError, status: number): Record<string, string> {
  const shouldRetry = { 'x-should-retry': String(error.retryable) };
  if (!error.retryable || (status !== 429 && status !== 503)) return shouldRetry;
  const retryAfterMs = Math.max(1, Math.ceil(error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS));
  return {
    ...shouldRetry,
    'retry-after': String(Math.ceil(retryAfterMs / 1000)),
    'retry-after-ms': String(retryAfterMs),
  };
}

/** What a client is told. An internal message may hold anything, a prompt included; only the log shows it. */
export function clientMessage(error: EngineError, requestId: string, names?: FieldNames): string {
  if (error.code !== 'internal') return error.inWordsOf(names).message;
  return `the service failed on this request; its log tells why under request id ${requestId}`;
}

/** `prompt[2]` -> `/prompt/2`, `stream_options.include_usage` -> `/stream_options/include_usage`. */
function toJsonPointer(param: string): string {
  const tokens = param.split(/[.[\]]+/).filter((token) => token !== '');
  return tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
