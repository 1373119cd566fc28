import { EngineError, isDefect } from '../../../errors.ts';
import type { FromWorker } from '../../protocol.ts';
import type { RunningCompletion } from '../completion/running-completion.ts';
import { fromSentError } from '../../step-fault.ts';

/** Requests that one line of the log names. */
const MAX_NAMED = 100;

export interface LostWork {
  completions: readonly RunningCompletion[];
  numEmbeddings: number;
  numInspections: number;
}

/** The error of an engine process that is lost, with what ran or waited in it: ids and lengths, and never a text. */
export function deathWithDump(error: EngineError, lost: LostWork): EngineError {
  const { completions, ...counts } = lost;
  const requests = completions.slice(0, MAX_NAMED).map((completion) => {
    const { id, status, n, usage } = completion.record();
    const { numPromptTokens: promptTokens, numGeneratedTokens: completionTokens } = usage;
    // The names of the request's log line.
    return { request: id, status, n, promptTokens, completionTokens };
  });
  const { code, message, retryable, cause } = error;
  const details = { ...error.details, numRequests: completions.length, ...counts, requests };
  return new EngineError(code, message, { retryable, details, cause });
}

/**
 * The error of work that failed, with what it was for: ids and lengths, and never a text. Only a defect is an incident; any
 * other error is told by the answer of its request.
 */
export function faultWithDump(
  { kind, failedWork, error }: Extract<FromWorker, { type: 'faulted' }>,
  completionOf: (sequenceId: number) => RunningCompletion | undefined,
  onIncident?: (message: string, error: EngineError) => void,
): EngineError {
  const lost = failedWork.slice(0, MAX_NAMED).map(({ id, ...lengths }) => {
    const request = kind === 'sequence' ? completionOf(id)?.id : undefined;
    return { ...(request === undefined ? { id } : { request }), ...lengths };
  });
  const fault = fromSentError(error, { kind, numLost: failedWork.length, lost });
  if (isDefect(fault.code)) onIncident?.('the engine could not go on with some of its work', fault);
  return fault;
}
