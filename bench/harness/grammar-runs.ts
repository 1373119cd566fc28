import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { childEnvironment } from '../../src/process/child-environment.ts';
import { EngineError } from '../../src/errors.ts';
import { ended, kill, killWithUs } from './child-process.ts';

/** What one engine took for one grammar: a time for each token of its texts. */
export interface MeasuredRun {
  compileUs: number;
  /** From the compiled grammar to a matcher; peers have it in compileUs. */
  startUs: number;
  maskUs: number[];
  stepUs: number[];
  /** Held for the grammar after its texts. */
  bytes: number;
  /** The texts as tokens, where the engine draws them. */
  sequences?: number[][];
  /** Where a peer does not take a text of ours, and what it says. */
  leftAt?: string[];
  /** llguidance had each character as a terminal, since its terminals as long as possible did not take the texts. */
  byCharacters?: boolean;
}

export type GrammarRun = MeasuredRun | { refusal: string };
/** `died`: the process was ended for its time, or ended by itself for its memory. */
export type GrammarOutcome = GrammarRun | { died: 'time' | 'memory' };

/** Seconds of processor time for one grammar. The clock on the wall says little on a machine with other work. */
const LIMIT_S = 10;
const CHECK_MS = 250;
const START_LIMIT_MS = 300_000;
/** Clock ticks of /proc in a second, on every Linux. */
const TICKS = 100;

type Lines = AsyncIterator<string, undefined>;

/** An engine in a process of its own, a line for a grammar. One that fails costs its process, and the next has another. */
export class GrammarContender {
  readonly #command: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcessWithoutNullStreams | undefined;
  #lines: Lines | undefined;

  constructor(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#command = command;
    this.#environment = environment;
  }

  /** @throws EngineError `backend_unavailable` when the process does not start */
  async run(order: string): Promise<GrammarOutcome> {
    const { child, lines } = await this.#started();
    const limit = processorSeconds(child) + LIMIT_S;
    const timer = setInterval(() => {
      if (processorSeconds(child) >= limit) child.kill('SIGKILL');
    }, CHECK_MS);
    try {
      child.stdin.write(`${order}\n`);
      const { value, done } = await lines.next();
      if (done !== true) return JSON.parse(value) as GrammarRun;
      this.#child = undefined;
      await ended(child);
      // Out of memory, Node and Python end by themselves.
      return { died: child.signalCode === 'SIGKILL' ? 'time' : 'memory' };
    } finally {
      clearInterval(timer);
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    await kill(child);
  }

  async #started(): Promise<{ child: ChildProcessWithoutNullStreams; lines: Lines }> {
    if (this.#child !== undefined && this.#lines !== undefined)
      return { child: this.#child, lines: this.#lines };
    const [program = '', ...args] = this.#command;
    const child = spawn(program, args, { env: { ...childEnvironment(), ...this.#environment } });
    child.stderr.resume();
    child.stdin.on('error', () => undefined); // It has ended; the lines say so.
    killWithUs(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
    const lines: Lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    clearTimeout(timer);
    if (done === true || value !== 'ready')
      throw new EngineError('backend_unavailable', `${this.#command.join(' ')} does not start`);
    this.#child = child;
    this.#lines = lines;
    return { child, lines };
  }
}

/** Of a process so far; 0 once it has ended. */
function processorSeconds({ pid }: ChildProcessWithoutNullStreams): number {
  try {
    const stat = readFileSync(`/proc/${pid ?? 0}/stat`, 'utf8');
    // Behind the name, which may hold spaces: the 12th and 13th fields are user and system time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}
