import type { Client } from './client.ts';
import type { CanaryRun, ObserverTask } from './observation.ts';
import { OwnClock } from './own-clock.ts';
import { sleep, within } from './until.ts';

const PAUSE_MS = 50;
/** After one that was refused: it does as it is told. */
const RETRY_MS = 250;

/** The stream of an innocent client, one after the other: each must come to its end with the same text. */
export class Canary {
  readonly #client: Client;
  readonly #task: ObserverTask;
  readonly #clock: OwnClock;
  readonly #runs: CanaryRun[] = [];
  #text = '';
  #isStopping = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(client: Client, task: ObserverTask) {
    this.#client = client;
    this.#task = task;
    this.#clock = new OwnClock(task.servicePid);
  }

  /** One stream in a calm service says what its text is. */
  async learn(): Promise<CanaryRun> {
    const run = await this.#run();
    this.#text = run.text;
    return run;
  }

  start(): void {
    this.#loop = this.#runAll();
  }

  /** Ends when the running stream has; one that takes longer than the limit counts as broken. */
  async stop(limitMs: number): Promise<CanaryRun[]> {
    this.#isStopping = true;
    const hasEnded = await within(
      this.#loop.then(() => true),
      limitMs,
    );
    if (hasEnded !== true) this.#runs.push(unended(limitMs));
    return this.#runs;
  }

  async #runAll(): Promise<void> {
    do {
      const run = await this.#run();
      this.#runs.push(run);
      await sleep(run.isWhole ? PAUSE_MS : RETRY_MS);
    } while (!this.#isStopping);
  }

  async #run(): Promise<CanaryRun> {
    const { path, body } = this.#task.canary;
    const end = await this.#client.stream(path, body, { clock: () => this.#clock.now() });
    return { ...end, hasSameText: end.isWhole && end.text === this.#text };
  }
}

function unended(limitMs: number): CanaryRun {
  return {
    status: 200,
    text: '',
    isWhole: false,
    error: `no end within ${limitMs} ms`,
    firstTokenMs: undefined,
    longestGapMs: limitMs,
    hasSameText: false,
  };
}
