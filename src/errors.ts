import { fieldName, withFieldNames, type FieldNames } from './field-names.ts';

/**
 * The only registry of error codes. What HTTP makes of a code is decided in one other place,
 * src/http/error-response.ts.
 */
export const ERROR_CODES = [
  // A request asked for something that cannot be had.
  'invalid_request',
  'context_length_exceeded',
  'output_incomplete',
  'format_too_complex',
  'model_not_found',
  'not_found',
  'gone',
  'method_not_allowed',
  'payload_too_large',
  'unauthorized',
  'forbidden',
  'misdirected_request',
  'conflict',
  // The service cannot take or finish the request now.
  'queue_full',
  'rate_limited',
  'limits_unavailable',
  'engine_not_ready',
  'insufficient_memory',
  'request_timeout',
  'backend_failure',
  // Another service cannot be asked for the client.
  'provider_unreachable',
  // The service cannot start.
  'backend_unavailable',
  'weights_invalid',
  'config_invalid',
  // A model cannot be fetched from the hub onto the disk.
  'download_failed',
  // Any unexpected error: its message is never shown to a client.
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Whether a fault is one of the service. Any other is the request's own, and its answer tells all of it. */
export const isDefect = (code: ErrorCode): boolean => code === 'internal' || code === 'backend_failure';

/** Their messages speak of the engine and the service alone: the log has them, and every client may read them. */
const QUOTE_NOTHING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'queue_full',
  'rate_limited',
  'limits_unavailable',
  'engine_not_ready',
  'insufficient_memory',
  'request_timeout',
  'backend_failure',
  'backend_unavailable',
  'weights_invalid',
  'config_invalid',
  'download_failed',
]);

export interface EngineErrorOptions {
  /** The request field at fault: `max_tokens`, `prompt[2]`. Its answer has what the client's API calls it. */
  param?: string;
  /** Cloudflare's own number of the fault, where it tells more than the one of the code. */
  cloudflareCode?: number;
  /** True when the same request may succeed later. */
  retryable?: boolean;
  /** How long a client should wait before it tries again, in milliseconds. */
  retryAfterMs?: number;
  /** Numbers and names behind the message, for logs: nothing that a client wrote, its request's id apart. */
  details?: Record<string, unknown>;
  /**
   * The message may quote what a client sent. The log has the error's code and place then, and no other client is told.
   * By default so for errors of requests and for unforeseen ones.
   */
  mayQuote?: boolean;
  /** Where it was thrown, if that was in another process. */
  codeLocation?: string | undefined;
  cause?: unknown;
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'queue_full',
  'rate_limited',
  'limits_unavailable',
  'engine_not_ready',
  'insufficient_memory',
  'request_timeout',
  'backend_failure',
  'provider_unreachable',
]);

/** In an overload these are thrown thousands of times a second. A stack would take a tenth of the answer's time. */
const STACKLESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['queue_full', 'rate_limited']);

/** A promise that cannot be kept. Expected outcomes (stop, length, abort) are finish reasons, not errors. */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly param: string | undefined;
  readonly cloudflareCode: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly details: Record<string, unknown> | undefined;
  readonly mayQuote: boolean;
  readonly codeLocation: string | undefined;
  readonly #message: string;

  constructor(code: ErrorCode, message: string, options: EngineErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    if (STACKLESS.has(code)) Error.stackTraceLimit = 0;
    super(withFieldNames(message), options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.#message = message;
    this.name = 'EngineError';
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.param = options.param;
    this.cloudflareCode = options.cloudflareCode;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
    this.mayQuote = options.mayQuote ?? !QUOTE_NOTHING.has(code);
    this.codeLocation = options.codeLocation;
  }

  /** The message, in which `fieldName` has marked the fields: for another EngineError. */
  get markedMessage(): string {
    return this.#message;
  }

  /** The message and the field at fault, as an API calls the fields. */
  inWordsOf(names: FieldNames | undefined): { message: string; param: string | undefined } {
    const { param } = this;
    return {
      message: withFieldNames(this.#message, names),
      param: param === undefined ? undefined : (names?.get(param) ?? param),
    };
  }
}

/** An `invalid_request` for one field. The message is the field's name and what is wrong with it. */
export const invalidField = (param: string, complaint: string): EngineError =>
  new EngineError('invalid_request', `${fieldName(param)} ${complaint}`, { param });

/**
 * What was thrown, as one of ours. What has no code is `internal`; its own message may hold anything, a prompt included,
 * and stays with the cause.
 */
export function toEngineError(thrown: unknown, message = 'unforeseen error'): EngineError {
  return thrown instanceof EngineError ? thrown : new EngineError('internal', message, { cause: thrown });
}

/** States an invariant of our own code; its failure is a defect of ours, never of a request. */
export function assertInvariant(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new EngineError('internal', `invariant broken: ${invariant}`);
}

/** Why a caller waits no longer: the signal's own reason, or that the client is gone. */
export function abortError({ reason }: AbortSignal): EngineError {
  return reason instanceof EngineError
    ? reason
    : new EngineError('request_timeout', 'the request was given up before its answer was there');
}
