import type { EngineErrorOptions, ErrorCode } from '../errors.ts';

/** What crosses the channel between a JobProcess and the process behind it (serve-jobs.ts): plain data, one job at a time. */

export type ToJobProcess<Setup, Question> =
  /** Once, before any job. */
  | { type: 'setUp'; setup: Setup }
  | { type: 'job'; id: number; question: Question }
  /** A job that was interrupted goes on. */
  | { type: 'resume'; id: number }
  /** A job that was interrupted is wanted no longer. */
  | { type: 'drop'; id: number };

export type FromJobProcess<Ready, Answer> =
  /** It is set up, and takes jobs. */
  | { type: 'ready'; ready: Ready }
  | { type: 'answer'; answer: Answer }
  /** The job at hand is interrupted after so long, so that others get their turn. */
  | { type: 'paused'; sliceMs: number }
  /** Of the job at hand; before 'ready': it cannot be set up. */
  | { type: 'error'; error: JobError };

/** An EngineError: a class does not survive the way between processes. */
export interface JobError extends Pick<EngineErrorOptions, 'param' | 'cloudflareCode' | 'codeLocation'> {
  code: ErrorCode;
  message: string;
}

/** What the service's end of the pipe is in the process: while it is open the service lives. */
export const LIFELINE_FD = 4;
