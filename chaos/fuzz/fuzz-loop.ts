import { times } from '../support/attack.ts';
import type { Answer, Client } from '../support/client.ts';
import { keepFinding } from './findings.ts';
import { fillIn, scriptsOf, type FuzzKind, type FuzzScript } from './fuzz-script.ts';
import { faultOfScript } from './judge-script.ts';

export interface LoopOptions {
  kinds: readonly FuzzKind[];
  client: Client;
  seed: number;
  endsAt: number;
  /** After so many faults it ends. */
  maxFindings: number;
  /** Called behind a fault: waits until the service answers again. False: it does not. */
  recover: () => Promise<boolean>;
}

export interface LoopOutcome {
  numRequests: number;
  statuses: Map<number, number>;
  /** A sentence each, with the file that has the bytes. */
  faults: string[];
}

const NUM_WORKERS = 4;
/** Longer than any request of most kinds may take that the service takes. */
const LIMIT_MS = 20_000;

/** Sends scripts of each kind in turn until the time is up, and keeps the bytes of what is answered badly. */
export async function runFuzzLoop(options: LoopOptions): Promise<LoopOutcome> {
  const loop = new FuzzLoop(options);
  await times(NUM_WORKERS, () => loop.work());
  return loop.outcome;
}

class FuzzLoop {
  readonly #options: LoopOptions;
  readonly #sources: { kind: FuzzKind; scripts: Generator<FuzzScript, never> }[];
  readonly #running = new Set<FuzzScript>();
  readonly outcome: LoopOutcome = { numRequests: 0, statuses: new Map(), faults: [] };
  #next = 0;
  #recovering: Promise<boolean> | undefined;
  #isOver = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#sources = options.kinds.map((kind) => ({ kind, scripts: scriptsOf(kind, options.seed) }));
  }

  async work(): Promise<void> {
    while (!this.#isOver && performance.now() < this.#options.endsAt) {
      const source = this.#sources[this.#next++ % this.#sources.length];
      if (source === undefined) return;
      await this.#run(source.kind, source.scripts.next().value);
    }
  }

  async #run(kind: FuzzKind, script: FuzzScript): Promise<void> {
    await this.#recovering;
    this.#running.add(script);
    const answers: Answer[] = [];
    for (const step of script) {
      const { method, path, headers, body } = fillIn(
        step,
        answers.map(({ text }) => text),
      );
      const { client } = this.#options;
      const answer = await client.call(method, path, {
        headers,
        limitMs: kind.limitMs ?? LIMIT_MS,
        ...(body === undefined ? {} : { body }),
      });
      answers.push(answer);
      this.outcome.numRequests++;
      this.outcome.statuses.set(answer.status, (this.outcome.statuses.get(answer.status) ?? 0) + 1);
      const fault = faultOfScript(script, answers);
      if (fault === undefined) continue;
      // Faults while the service recovers from another belong to that one.
      if (this.#recovering === undefined)
        await this.#report(kind, script, `${method} ${path.slice(0, 80)}: ${fault}`);
      break;
    }
    this.#running.delete(script);
  }

  async #report(kind: FuzzKind, script: FuzzScript, fault: string): Promise<void> {
    const { seed, maxFindings, recover } = this.#options;
    const { faults } = this.outcome;
    const scripts = [script, ...[...this.#running].filter((other) => other !== script)];
    const file = keepFinding({ kind: kind.name, seed, fault, scripts }, faults.length + 1);
    faults.push(`${fault} (${file})`);
    if (faults.length >= maxFindings) this.#isOver = true;
    this.#recovering = recover();
    const isBack = await this.#recovering;
    this.#recovering = undefined;
    if (!isBack) this.#isOver = true;
  }
}
