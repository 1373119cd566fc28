import { Worker } from 'node:worker_threads';
import { assertInvariant, EngineError } from '../errors.ts';
import { plainMessage, codeLocationOf } from '../logged-error.ts';
import type { InSlices } from './in-slices.ts';
import { LIFELINE_FD, type FromJobProcess, type JobError, type ToJobProcess } from './job-protocol.ts';

type Begun<Answer> = Answer | InSlices<Answer>;

interface Jobs<Setup, Ready, Question, Answer> {
  setUp: (setup: Setup) => Ready | Promise<Ready>;
  /** In slices, where it may take longer than other jobs should wait. */
  answer: (question: Question) => Begun<Answer> | Promise<Begun<Answer>>;
}

/** Longest that a job runs before others get their turn, as far as it can be interrupted. */
const SLICE_MS = 20;

/** The other side of a JobProcess: sets up once, and answers one question after the other until it is killed. */
export function serveJobs<Setup, Ready, Question, Answer>({
  setUp,
  answer,
}: Jobs<Setup, Ready, Question, Answer>): void {
  endWithService();
  endOnDefects();
  const interrupted = new Map<number, InSlices<Answer>>();
  const runSlice = (id: number, work: InSlices<Answer>): FromJobProcess<Ready, Answer> => {
    interrupted.delete(id);
    const startMs = performance.now();
    for (;;) {
      const step = work.next();
      if (step.done === true) return { type: 'answer', answer: step.value };
      const sliceMs = performance.now() - startMs;
      if (sliceMs < SLICE_MS) continue;
      interrupted.set(id, work);
      return { type: 'paused', sliceMs };
    }
  };
  const begin = async (id: number, question: Question): Promise<FromJobProcess<Ready, Answer>> => {
    const made = await answer(question);
    return isInSlices(made) ? runSlice(id, made) : { type: 'answer', answer: made };
  };
  const send = (message: FromJobProcess<Ready, Answer>): unknown => process.send?.(message);
  const reply = async (
    make: () => FromJobProcess<Ready, Answer> | Promise<FromJobProcess<Ready, Answer>>,
  ): Promise<void> => {
    try {
      send(await make());
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      send({ type: 'error', error: toJobError(error) });
    }
  };
  process.on('message', (message: ToJobProcess<Setup, Question>) => {
    switch (message.type) {
      case 'setUp':
        void reply(async () => ({ type: 'ready', ready: await setUp(message.setup) }));
        break;
      case 'job':
        void reply(() => begin(message.id, message.question));
        break;
      case 'resume': {
        const work = interrupted.get(message.id);
        assertInvariant(work !== undefined, 'a job goes on in the process that began it');
        void reply(() => runSlice(message.id, work));
        break;
      }
      case 'drop':
        interrupted.delete(message.id);
    }
  });
  // The service decides when it is over: it drains first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

function toJobError(error: EngineError): JobError {
  const { code, markedMessage: message, param, cloudflareCode } = error;
  return {
    code,
    message,
    codeLocation: codeLocationOf(error),
    ...(param === undefined ? {} : { param }),
    ...(cloudflareCode === undefined ? {} : { cloudflareCode }),
  };
}

/**
 * Node itself would print the error with its message, which may quote the texts of the job. The process is killed: a
 * plain exit waits for all threads, and the one of `endWithService` waits for the service.
 */
function endOnDefects(): void {
  process.on('uncaughtException', (error) => {
    process.stderr.write(`an unforeseen error ends a process of the model: ${plainMessage(error)}\n`);
    process.kill(process.pid, 'SIGKILL');
  });
}

const isInSlices = <Answer>(made: Answer | InSlices<Answer>): made is InSlices<Answer> =>
  typeof made === 'object' && made !== null && Symbol.iterator in made && 'next' in made;

/**
 * Ends this process with its service, also in the middle of a loop that never ends: a thread waits for the end of a pipe
 * that the service holds open for as long as it lives.
 */
function endWithService(): void {
  const wait =
    `const { readSync } = require('node:fs');` +
    `try { while (readSync(${LIFELINE_FD}, Buffer.alloc(1)) > 0); } finally { process.kill(process.pid, 'SIGKILL'); }`;
  new Worker(wait, { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref();
}
