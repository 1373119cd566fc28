import { SHARE_ENV, Worker, type WorkerOptions } from 'node:worker_threads';
import { EngineError } from '../errors.ts';
import type { EngineSettings, FromWorker, ToWorker } from './protocol.ts';

export interface EngineThreadEvents {
  onMessage(message: FromWorker): void;
  /** The thread ended without having been asked to. */
  onDeath(error: EngineError): void;
}

/** The worker thread behind its typed port. It lives once: whoever wants another makes another. */
export class EngineThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #fault: unknown;
  #stopping = false;

  constructor(settings: EngineSettings, events: EngineThreadEvents) {
    this.#worker = spawnWorker(settings);
    this.#worker.on('message', (message: FromWorker) => events.onMessage(message));
    this.#worker.on('error', (error) => (this.#fault = error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (exitCode) => {
        resolve();
        if (!this.#stopping) events.onDeath(deathError(exitCode, this.#fault));
      });
    });
  }

  send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Ends the thread between two steps; by force when it does not answer within `timeoutMs`. */
  async stop(timeoutMs = 2000): Promise<void> {
    this.#stopping = true;
    this.send({ type: 'stop' });
    const timer = setTimeout(() => void this.kill(), timeoutMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends the thread at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }
}

function deathError(exitCode: number, fault: unknown): EngineError {
  const reason = fault instanceof Error ? fault.message : `exit code ${exitCode}`;
  return new EngineError('backend_failure', `the engine thread died (${reason})`, {
    cause: fault,
    details: { exitCode },
  });
}

/**
 * The compiled worker, or, when this very file runs as TypeScript (development, tests), the worker's source behind
 * the loader. Node gives a worker no loader by `--import`, hence the few lines that register it there.
 */
function spawnWorker(workerData: EngineSettings): Worker {
  // TensorFlow reads its settings from the environment of the process, which a thread's own copy would not reach.
  const options: WorkerOptions = { workerData, name: 'engine', env: SHARE_ENV };
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./engine-worker.js', import.meta.url), options);
  }
  const loader = import.meta.resolve('tsx/esm/api');
  const source = new URL('./engine-worker.ts', import.meta.url).href;
  const bootstrap = `import('${loader}').then(({ register }) => { register(); return import('${source}'); });`;
  return new Worker(bootstrap, { eval: true, execArgv: [], ...options });
}
