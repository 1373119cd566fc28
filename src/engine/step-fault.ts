import { EngineError, toEngineError } from '../errors.ts';
import type { Casualty, SentError, WorkKind } from './protocol.ts';

/**
 * A step failed, but not the device. The work that it was for has ended and holds nothing any more; the engine goes on
 * with all else.
 */
export class StepFault extends Error {
  readonly kind: WorkKind;
  readonly casualties: readonly Casualty[];

  constructor(kind: WorkKind, casualties: readonly Casualty[], cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = 'StepFault';
    this.kind = kind;
    this.casualties = casualties;
  }
}

/** What a step did for work that is answered as a whole. */
export interface Answers<Finished> {
  finished: Finished[];
  /** What ended without an answer. */
  fault?: StepFault;
}

/** An error as it crosses the channel. An unexpected error is `internal`, and its message is not shown to a client. */
export function toSentError(error: unknown): SentError {
  if (error instanceof EngineError) {
    const { code, message, retryable } = error;
    return { code, message, retryable };
  }
  return { code: 'internal', message: messageOf(error), retryable: false };
}

export function fromSentError({ code, message, retryable }: SentError, details = {}): EngineError {
  return new EngineError(code, message, { retryable, details });
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

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
