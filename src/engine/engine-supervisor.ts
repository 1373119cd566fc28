import { EngineError } from '../errors.ts';
import type { EngineProcess, EngineProcessEvents } from './engine-process.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

export type ReadyMessage = Extract<FromWorker, { type: 'ready' }>;
/** What a process says while it serves. */
export type ServingMessage = Exclude<FromWorker, { type: 'ready' | 'failed' | 'fault' }>;

export interface EngineSupervisorEvents {
  /** A process, the first or a later one, has loaded the model. */
  onReady(message: ReadyMessage): void;
  onMessage(message: ServingMessage): void;
  /** The process that served died; another is being started. */
  onDeath(error: EngineError): void;
  /** What an operator should know. */
  onIncident(message: string, error?: EngineError): void;
}

/** Pauses before a restart; longer each time in a row that the model could not be loaded again. */
const RESTART_DELAYS_MS = [0, 1000, 2000, 5000, 15_000];

interface Launch {
  readonly child: EngineProcess;
  reject(error: EngineError): void;
}

/** Keeps one engine process alive: starts it, and another whenever it dies. It may be started again after a stop. */
export class EngineSupervisor {
  readonly #createProcess: (events: EngineProcessEvents) => EngineProcess;
  readonly #events: EngineSupervisorEvents;
  #process: EngineProcess | undefined;
  /** The process that loads the model now. */
  #launch: Launch | undefined;
  #stopped = false;
  #numFailures = 0;

  constructor(createProcess: (events: EngineProcessEvents) => EngineProcess, events: EngineSupervisorEvents) {
    this.#createProcess = createProcess;
    this.#events = events;
  }

  /**
   * Resolves when a process has loaded the model.
   * @throws EngineError what the process says of why it cannot, `backend_failure` when it dies before,
   * `engine_not_ready` when it is stopped before
   */
  start(): Promise<void> {
    this.#stopped = false;
    this.#numFailures = 0;
    return this.#load();
  }

  async #load(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        const child = this.#createProcess({
          onMessage: (message) => {
            if (message.type === 'failed') reject(toError(message));
            else if (message.type === 'ready') {
              this.#process = child;
              this.#events.onReady(message);
              resolve();
            } else this.#events.onMessage(message);
          },
          onDeath: (error) => {
            if (this.#process === child) this.#recover(error);
            else reject(error);
          },
        });
        this.#launch = { child, reject };
      });
    } finally {
      this.#launch = undefined;
    }
  }

  /** Dropped while no process is there: who died knows nothing more, and who comes starts from nothing. */
  send(message: ToWorker): void {
    this.#process?.send(message);
  }

  /** Ends the process, also one that still loads. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const launch = this.#launch;
    launch?.reject(new EngineError('engine_not_ready', 'the engine was stopped while its model was loading'));
    // What loads reads no messages: no time is given to answer.
    await Promise.all([launch?.child.stop(0), this.#process?.stop()]);
    this.#process = undefined;
  }

  #recover(error: EngineError): void {
    this.#process = undefined;
    this.#events.onIncident('the engine process died', error);
    this.#events.onDeath(error);
    this.#restart();
  }

  #restart(): void {
    const delay = RESTART_DELAYS_MS[Math.min(this.#numFailures, RESTART_DELAYS_MS.length - 1)];
    setTimeout(() => void this.#tryRestart(), delay);
  }

  async #tryRestart(): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#load();
    } catch (error) {
      if (this.#isStopped()) return;
      this.#numFailures++;
      this.#events.onIncident('the engine process could not be restarted', asEngineError(error));
      this.#restart();
      return;
    }
    this.#numFailures = 0;
    this.#events.onIncident('the engine process is back');
  }

  /** Asked anew after a wait, which the compiler does not know to change it. */
  #isStopped(): boolean {
    return this.#stopped;
  }
}

function toError({ code, message, retryable }: Extract<FromWorker, { type: 'failed' }>): EngineError {
  return new EngineError(code, message, { retryable });
}

function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError('internal', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
