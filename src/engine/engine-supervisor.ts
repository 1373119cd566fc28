import { EngineError } from '../errors.ts';
import type { EngineThread, EngineThreadEvents } from './engine-thread.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

export type ReadyMessage = Extract<FromWorker, { type: 'ready' }>;
/** What a thread says while it serves. */
export type ServingMessage = Exclude<FromWorker, { type: 'ready' | 'failed' }>;

export interface EngineSupervisorEvents {
  /** A thread, the first or a later one, has loaded the model. */
  onReady(message: ReadyMessage): void;
  onMessage(message: ServingMessage): void;
  /** The thread that served died; another is being started. */
  onDeath(error: EngineError): void;
  /** What an operator should know. */
  onIncident(message: string, error?: EngineError): void;
}

/** Pauses before a restart; longer each time in a row that the model could not be loaded again. */
const RESTART_DELAYS_MS = [0, 1000, 2000, 5000, 15_000];

/** Keeps one engine thread alive: starts it, and another whenever it dies. */
export class EngineSupervisor {
  readonly #createThread: (events: EngineThreadEvents) => EngineThread;
  readonly #events: EngineSupervisorEvents;
  #thread: EngineThread | undefined;
  #stopped = false;
  #numFailures = 0;

  constructor(createThread: (events: EngineThreadEvents) => EngineThread, events: EngineSupervisorEvents) {
    this.#createThread = createThread;
    this.#events = events;
  }

  /**
   * Resolves when a thread has loaded the model.
   * @throws EngineError what the thread says of why it cannot, or `backend_failure` when it dies before
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const thread = this.#createThread({
        onMessage: (message) => {
          if (message.type === 'failed') reject(new EngineError(message.code, message.message));
          else if (message.type === 'ready') {
            this.#thread = thread;
            this.#events.onReady(message);
            resolve();
          } else this.#events.onMessage(message);
        },
        onDeath: (error) => {
          if (this.#thread === thread) this.#recover(error);
          else reject(error);
        },
      });
    });
  }

  /** Dropped while no thread is there: who died knows nothing more, and who comes starts from nothing. */
  send(message: ToWorker): void {
    this.#thread?.send(message);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#thread?.stop();
    this.#thread = undefined;
  }

  #recover(error: EngineError): void {
    this.#thread = undefined;
    this.#events.onIncident('the engine thread died', error);
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
      await this.start();
    } catch (error) {
      this.#numFailures++;
      this.#events.onIncident('the engine thread could not be restarted', asEngineError(error));
      this.#restart();
      return;
    }
    this.#numFailures = 0;
    this.#events.onIncident('the engine thread is back');
  }
}

function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError('internal', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
