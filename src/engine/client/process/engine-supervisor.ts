import { MAX_TIMER_MS } from '../../../config/timer-limit.ts';
import type { EngineProcess, EngineProcessEvents } from './engine-process.ts';
import { Watchdog } from './watchdog.ts';
import type { FromWorker, ToWorker } from '../../protocol.ts';
import { fromSentError, stepFailure } from '../../step-fault.ts';
import { EngineError } from '../../../errors.ts';

export type ReadyMessage = Extract<FromWorker, { type: 'ready' }>;
/** What a process says while it serves. */
export type ServingMessage = Exclude<FromWorker, { type: 'ready' | 'failed' | 'fault' }>;

export interface EngineSupervisorEvents {
  /** A process, the first or a later one, has loaded the model. */
  onReady(message: ReadyMessage): void;
  onMessage(message: ServingMessage): void;
  /** The process that served died, or hangs and is being killed; another is on its way. */
  onDeath(error: EngineError): void;
  /** Whether the process has work, or was asked something: only then is it watched. */
  owesAnswer(): boolean;
  /** What an operator should know. */
  onIncident(message: string, error?: EngineError): void;
}

export interface EngineSupervisorOptions {
  /** Longest that a process which has work may give no sign of life, unless its steps take longer. */
  stepTimeoutMs: number;
  /** Longest that a process may take to load the model. */
  loadTimeoutMs?: number | undefined;
  now: () => number;
}

const LOAD_TIMEOUT_MS = 600_000;
/** A process that does not end although it was killed, as in a driver that hangs, is waited for no longer. */
const MAX_DYING_MS = 10_000;

interface Launch {
  readonly child: EngineProcess;
  readonly startedAt: number;
  reject(error: EngineError): void;
}

/**
 * Keeps one engine process alive: starts it, and another whenever it dies, hangs, or says what makes no sense. It may be
 * started again after a stop.
 */
export class EngineSupervisor {
  readonly #createProcess: (events: EngineProcessEvents) => EngineProcess;
  readonly #now: () => number;
  readonly #loadTimeoutMs: number;
  readonly #events: EngineSupervisorEvents;
  readonly #watchdog: Watchdog;
  #process: EngineProcess | undefined;
  /** When the process that serves was ready, and how long it took. */
  #readyAt = 0;
  #loadMs = 0;
  /** The process that loads the model now. */
  #launch: Launch | undefined;
  #restart: { timer: NodeJS.Timeout; at: number } | undefined;
  #dying: Promise<void> | undefined;
  #stopped = false;
  #history = NO_DEATHS;

  constructor(
    createProcess: (events: EngineProcessEvents) => EngineProcess,
    { stepTimeoutMs, loadTimeoutMs = LOAD_TIMEOUT_MS, now }: EngineSupervisorOptions,
    events: EngineSupervisorEvents,
  ) {
    this.#createProcess = createProcess;
    this.#now = now;
    this.#loadTimeoutMs = Math.min(loadTimeoutMs, MAX_TIMER_MS);
    this.#events = events;
    this.#watchdog = new Watchdog({ stepTimeoutMs, now, onSilent: (silentMs) => this.#onSilent(silentMs) });
  }

  /**
   * Resolves when a process has loaded the model.
   * @throws EngineError what the process says of why it cannot, `backend_failure` when it dies before or takes too long,
   * `engine_not_ready` when it is stopped before
   */
  start(): Promise<void> {
    this.#stopped = false;
    this.#history = NO_DEATHS;
    return this.#load();
  }

  /** Milliseconds until another process is likely ready; `undefined` while one is, or when it is not known. */
  get msUntilReady(): number | undefined {
    if (this.#process !== undefined || this.#loadMs === 0) return undefined;
    const now = this.#now();
    if (this.#launch !== undefined) return Math.max(this.#launch.startedAt + this.#loadMs - now, 0);
    const delayMs = this.#restart === undefined ? this.#history.delayMs : this.#restart.at - now;
    return Math.max(delayMs, 0) + this.#loadMs;
  }

  async #load(): Promise<void> {
    const startedAt = this.#now();
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const child = this.#createProcess({
          onMessage: (message) => {
            if (message.type === 'failed') reject(fromSentError(message));
            else if (message.type !== 'ready') this.#pass(child, message);
            else if (this.#launch?.child === child) {
              this.#serve(child, message, startedAt);
              resolve();
            }
          },
          onDeath: (error) => {
            if (this.#process === child) this.#recover(error);
            else reject(error);
          },
        });
        this.#launch = { child, startedAt, reject };
        timer = setTimeout(() => {
          reject(notReadyWithin(this.#loadTimeoutMs));
          this.#kill(child);
        }, this.#loadTimeoutMs);
      });
    } finally {
      clearTimeout(timer);
      this.#launch = undefined;
    }
  }

  #serve(child: EngineProcess, message: ReadyMessage, startedAt: number): void {
    this.#process = child;
    this.#readyAt = this.#now();
    this.#loadMs = Math.max(this.#readyAt - startedAt, 1);
    this.#watchdog.hear({ largestStepMs: message.largestStepMs });
    this.#events.onReady(message);
  }

  /** A process that says what makes no sense of what it holds is in no state to go on. */
  #pass(child: EngineProcess, message: ServingMessage): void {
    if (this.#process !== child) return;
    if (message.type === 'alive' || message.type === 'steps') this.#watchdog.hear(boundOf(message));
    else this.#watchdog.hear({});
    try {
      this.#events.onMessage(message);
    } catch (error) {
      this.#replace(child, stepFailure(error));
    }
    this.#watch();
  }

  #watch(): void {
    this.#watchdog.watch(this.#process !== undefined && this.#events.owesAnswer());
  }

  #onSilent(silentMs: number): void {
    const child = this.#process;
    if (child === undefined) return;
    const seconds = (silentMs / 1000).toFixed(1);
    const error = new EngineError(
      'backend_failure',
      `the engine process gave no sign of life for ${seconds} s and is being replaced`,
      { details: { silentMs } },
    );
    this.#replace(child, error);
  }

  /** Ends a process that serves no more, and starts another once its memory is free. */
  #replace(child: EngineProcess, error: EngineError): void {
    this.#lose(error);
    this.#kill(child);
    void this.#dying?.then(() => this.#scheduleRestart());
  }

  #kill(child: EngineProcess): void {
    const givenUp = new Promise<void>((resolve) => setTimeout(resolve, MAX_DYING_MS).unref());
    this.#dying = Promise.race([child.kill(), givenUp]);
  }

  /** Dropped while no process is there: who died knows nothing more, and who comes starts from nothing. */
  send(message: ToWorker): void {
    this.#process?.send(message);
    this.#watch();
  }

  /** Ends the process, also one that still loads. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#watchdog.watch(false);
    clearTimeout(this.#restart?.timer);
    this.#restart = undefined;
    const launch = this.#launch;
    launch?.reject(new EngineError('engine_not_ready', 'the engine was stopped while its model was loading'));
    // What loads reads no messages: no time is given to answer.
    await Promise.all([launch?.child.stop(0), this.#process?.stop(), this.#dying]);
    this.#process = undefined;
  }

  #recover(error: EngineError): void {
    this.#lose(error);
    this.#scheduleRestart();
  }

  #lose(error: EngineError): void {
    this.#process = undefined;
    this.#watchdog.watch(false);
    const servedMs = this.#now() - this.#readyAt;
    this.#history = afterDeath(this.#history, { servedMs, loadMs: this.#loadMs });
    this.#events.onDeath(error);
  }

  #scheduleRestart(): void {
    if (this.#stopped) return;
    const { delayMs } = this.#history;
    const timer = setTimeout(() => void this.#tryRestart(), delayMs);
    this.#restart = { timer, at: this.#now() + delayMs };
  }

  async #tryRestart(): Promise<void> {
    this.#restart = undefined;
    try {
      await this.#load();
    } catch (error) {
      if (this.#stopped) return;
      this.#history = afterDeath(this.#history, { servedMs: 0, loadMs: this.#loadMs });
      this.#events.onIncident('the engine process could not be restarted', stepFailure(error));
      await this.#dying;
      this.#scheduleRestart();
      return;
    }
    this.#events.onIncident('the engine process is back');
  }
}

function boundOf(message: Extract<ServingMessage, { type: 'alive' | 'steps' }>): {
  largestStepMs: number;
  mayCompile: boolean;
} {
  const mayCompile = message.type === 'alive' && message.mayCompile;
  return { largestStepMs: message.largestStepMs, mayCompile };
}

function notReadyWithin(loadTimeoutMs: number): EngineError {
  return new EngineError(
    'backend_failure',
    `the engine process was not ready within ${loadTimeoutMs / 1000} s (LOAD_TIMEOUT)`,
    { details: { loadTimeoutMs } },
  );
}

/** Pauses before a restart, by how many deaths came in a row. */
const DELAYS_MS = [0, 250, 500, 1000, 2000, 4000, 8000, 15_000];
/** A process that served for so long served well: its death is the first of a row. */
const SERVED_WELL_MS = 10_000;

/** What the next restart is judged by. */
export interface RestartHistory {
  /** Deaths in a row: of processes that served only briefly, or not at all. */
  readonly numDeaths: number;
  /** To wait before the process that comes next is started. */
  readonly delayMs: number;
}

export const NO_DEATHS: RestartHistory = { numDeaths: 0, delayMs: 0 };

/**
 * Counts a death. After the first one the engine is restarted at once. An engine that dies again soon after it was ready
 * waits longer each time: a fault of the requests or of the machine would otherwise keep it loading without end.
 *
 * @param servedMs how long the process that died had been ready, 0 if it never was
 * @param loadMs how long it had taken to be ready: one that was ready for less than that did not serve well
 */
export function afterDeath(
  { numDeaths }: RestartHistory,
  { servedMs, loadMs }: { servedMs: number; loadMs: number },
): RestartHistory {
  const servedWell = servedMs >= Math.max(SERVED_WELL_MS, loadMs);
  const numInRow = servedWell ? 1 : numDeaths + 1;
  const delayMs = DELAYS_MS[Math.min(numInRow, DELAYS_MS.length) - 1] ?? 0;
  return { numDeaths: numInRow, delayMs };
}
