import type { ChildProcess } from 'node:child_process';
import { EngineError } from '../../../errors.ts';
import { forkSibling } from '../../../process/sibling-process.ts';
import type { EngineSettings, FromWorker, ToWorker } from '../../protocol.ts';

export interface EngineProcessEvents {
  onMessage(message: Exclude<FromWorker, { type: 'fault' }>): void;
  /** The process ended without having been asked to. */
  onDeath(error: EngineError): void;
}

/** One engine process and its typed channel. It is never restarted: EngineSupervisor creates another EngineProcess. */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #fault: string | undefined;
  #stopping = false;

  /**
   * @param options `execArgv`: Node's flags for the process, `--import FILE` and the like; `keepsProcess`: false lets this
   * process end while that one is there
   */
  constructor(
    settings: EngineSettings,
    events: EngineProcessEvents,
    { execArgv = [], keepsProcess = true }: { execArgv?: readonly string[]; keepsProcess?: boolean } = {},
  ) {
    this.#child = spawnWorker(settings, execArgv);
    if (!keepsProcess) {
      this.#child.unref();
      this.#child.channel?.unref();
    }
    this.#child.on('message', (message: FromWorker) => {
      if (message.type === 'fault') this.#fault = message.message;
      else events.onMessage(message);
    });
    this.#exited = new Promise((resolve) => {
      const end = (reason: string): void => {
        resolve();
        if (!this.#stopping) events.onDeath(deathError(this.#fault ?? reason));
        this.#stopping = true;
      };
      // 'close' comes after the last message, 'exit' may come before it.
      this.#child.once('close', (exitCode, signal) => end(signal ?? `exit code ${exitCode ?? 'unknown'}`));
      this.#child.once('error', (error) => end(error.message));
    });
  }

  /** Undefined once it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lost when the process is gone: its death is on the way to the events. */
  send(message: ToWorker): void {
    this.#child.send(message, () => undefined);
  }

  /** Ends the process between two steps; by force when it does not answer within `timeoutMs`. */
  async stop(timeoutMs = 2000): Promise<void> {
    this.#stopping = true;
    this.send({ type: 'stop' });
    const timer = setTimeout(() => void this.kill(), timeoutMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends the process at once, in the middle of whatever it does. */
  kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    return this.#exited;
  }
}

function deathError(reason: string): EngineError {
  return new EngineError('backend_failure', `the engine process died (${reason})`, { details: { reason } });
}

function spawnWorker(settings: EngineSettings, execArgv: readonly string[]): ChildProcess {
  return forkSibling(import.meta.url, '../../worker/engine-worker', {
    args: [JSON.stringify(settings)],
    // It collects its garbage once, when the model is loaded; V8 need not look for more whenever there is no work. What is
    // made anew in each step is little, and would be spread over 48 MiB before any of it is collected. Below a limit of
    // 2 GiB V8 lets garbage grow to twice what is in use, above it to four times. Weights and the cache are no part of it.
    execArgv: [
      '--expose-gc',
      '--no-memory-reducer',
      '--max-semi-space-size=2',
      '--max-old-space-size=1536',
      ...execArgv,
    ],
  });
}
