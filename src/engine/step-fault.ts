import { EngineError, isDefect, toEngineError } from '../errors.ts';
import { framesOf } from '../logged-error.ts';
import type { FailedWork, SentError, WorkKind } from './protocol.ts';
import { messageOf } from '../values.ts';

/**
 * A step failed, but not the device. The work that it was for has ended and holds nothing any more; the engine goes on
 * with all else.
 */
export class StepFault extends Error {
  readonly kind: WorkKind;
  readonly failedWork: readonly FailedWork[];

  constructor(kind: WorkKind, failedWork: readonly FailedWork[], cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = 'StepFault';
    this.kind = kind;
    this.failedWork = failedWork;
  }
}

/** What a step did for work that is answered as a whole. */
export interface Answers<Finished> {
  finished: Finished[];
  /** What ended without an answer. */
  fault?: StepFault;
}

/**
 * An error as it crosses the channel. An unexpected one is `internal`. Its own message may quote a text of a client, and
 * would be logged; what is sent of it are its name and the places of its stack.
 */
export function toSentError(error: unknown): SentError {
  if (error instanceof EngineError) {
    const { code, message, retryable } = error;
    const stack = isDefect(code) ? framesOf(error).join('\n') : undefined;
    return { code, message, retryable, ...(stack === undefined ? {} : { stack }) };
  }
  if (!(error instanceof Error)) return { code: 'internal', message: 'not an error', retryable: false };
  const message = `unforeseen ${error.constructor.name}`;
  return { code: 'internal', message, retryable: false, stack: framesOf(error).join('\n') };
}

export function fromSentError({ code, message, retryable, stack }: SentError, details = {}): EngineError {
  const places = stack === undefined ? {} : { stack };
  return new EngineError(code, message, { retryable, details: { ...details, ...places } });
}

/** What a step threw, as one of ours. */
export const stepFailure = (thrown: unknown): EngineError => toEngineError(thrown, messageOf(thrown));

/**
 * A runtime throws `backend_failure` when its device failed a step, and is of no further use then. Where WebAssembly
 * trapped, its memory may hold anything.
 */
export function isDeviceFailure(error: unknown): boolean {
  if (error instanceof EngineError) return error.code === 'backend_failure';
  return error instanceof WebAssembly.RuntimeError;
}

/** What a model computed is of no use. */
export function notNumbers(what: string): EngineError {
  return new EngineError('backend_failure', `the model's ${what} are not numbers`, { retryable: false });
}
