import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromObserver, Observation, ObserverTask, ToObserver } from './observation.ts';

/** How long a canary may go on after the attack has ended. */
const LAST_CANARY_LIMIT_MS = 30_000;

/** The observer's process, seen from the harness. */
export class Observer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async create(): Promise<Observer> {
    const child = fork(fileURLToPath(new URL('observer-process.ts', import.meta.url)));
    await once(child, 'message');
    return new Observer(child);
  }

  /** Resolves once the canary's text is known and the watch is on. @throws Error when a calm canary fails */
  async start(task: ObserverTask): Promise<void> {
    const answer = await this.#ask({ type: 'start', task });
    if (answer.type === 'failed') throw new Error(answer.reason);
  }

  async stop(): Promise<Observation> {
    const answer = await this.#ask({ type: 'stop', limitMs: LAST_CANARY_LIMIT_MS });
    if (answer.type !== 'stopped') throw new Error(`the observer answered '${answer.type}'`);
    return answer.observation;
  }

  close(): void {
    this.#child.disconnect();
  }

  async #ask(message: ToObserver): Promise<FromObserver> {
    const answered = once(this.#child, 'message') as Promise<[FromObserver]>;
    this.#child.send(message);
    return (await answered)[0];
  }
}
