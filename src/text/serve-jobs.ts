import { Worker } from 'node:worker_threads';
import { EngineError } from '../errors.ts';
import { plainMessage, placeOf } from '../logged-error.ts';
import { LIFELINE_FD, type FromJobProcess, type ToJobProcess } from './job-protocol.ts';

interface Jobs<Setup, Ready, Question, Answer> {
  setUp: (setup: Setup) => Ready | Promise<Ready>;
  answer: (question: Question) => Answer;
}

/** The other side of a JobProcess: sets up once, and answers one question after the other until it is killed. */
export function serveJobs<Setup, Ready, Question, Answer>({
  setUp,
  answer,
}: Jobs<Setup, Ready, Question, Answer>): void {
  endWithService();
  endOnDefects();
  const send = (message: FromJobProcess<Ready, Answer>): unknown => process.send?.(message);
  const reply = async (
    make: () => FromJobProcess<Ready, Answer> | Promise<FromJobProcess<Ready, Answer>>,
  ): Promise<void> => {
    try {
      send(await make());
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      // A class does not survive the way between processes.
      const { code, message, param } = error;
      send({ type: 'error', code, message, param, place: placeOf(error) });
    }
  };
  process.on('message', (message: ToJobProcess<Setup, Question>) => {
    if (message.type === 'setUp') {
      void reply(async () => ({ type: 'ready', ready: await setUp(message.setup) }));
    } else {
      void reply(() => ({ type: 'answer', answer: answer(message.question) }));
    }
  });
  // The service decides when it is over: it drains first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

/** Node itself would print the error with its message, which may quote the texts of the job. */
function endOnDefects(): void {
  process.on('uncaughtException', (error) => {
    process.stderr.write(`an unforeseen error ends a process of the model: ${plainMessage(error)}\n`);
    process.exit(1);
  });
}

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
