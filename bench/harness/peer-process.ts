import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { childEnvironment } from '../../src/process/child-environment.ts';
import { EngineError } from '../../src/errors.ts';
import { kill, killWithUs } from './child-process.ts';
import type { RunStreams, StreamsRun } from './run-streams.ts';
import type { Workload } from '../../src/bench/workload.ts';

/** What a process of bench/peers/ answers: it says what it is once, then when tokens came, order by order. */
interface PeerMessage {
  description?: string;
  sentMs?: number;
  /** A time for each token of each stream, on the process's own clock. */
  streams?: number[][];
  /** Their ids. */
  tokens?: number[][];
  failure?: string;
}

/** How the streams of an order are given to the engine: in one call, or in a call each. */
export type Batching = 'static' | 'each';

const START_LIMIT_MS = 120_000;

/** Another engine in a process of its own, which is not slowed by HTTP. */
export class PeerProcess {
  readonly description: string;
  readonly #child: ChildProcess;
  /** Of an order that was given up; the process is busy with it until then. */
  #pending: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess, description: string) {
    this.#child = child;
    this.description = description;
  }

  /** @throws EngineError `backend_unavailable` when the process ends instead of loading its model */
  static async start(command: readonly string[], signal: AbortSignal): Promise<PeerProcess> {
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      env: childEnvironment(),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    killWithUs(child);
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(START_LIMIT_MS)]);
      const { description = 'unnamed' } = await nextMessage(child, limit);
      return new PeerProcess(child, description);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  runner(workload: Workload, batching: Batching): RunStreams {
    return async ({ streams, promptTokens, maxTokens }, untilMs, signal) => {
      const prompts = Array.from({ length: streams }, () => workload.nextPrompt(promptTokens));
      const answer = this.#order({ prompts, maxTokens, batching }, signal);
      const { promise: timeUp, stop } = waitUntil(untilMs);
      this.#pending = answer.catch(() => undefined);
      try {
        const first = await Promise.race([answer, timeUp]);
        return first ?? { sentMs: 0, streams: [], isCutOff: true };
      } finally {
        stop();
      }
    };
  }

  /** The greedy continuation. */
  async complete(prompt: readonly number[], maxTokens: number, signal: AbortSignal): Promise<number[]> {
    const { tokens } = await this.#order({ prompts: [prompt], maxTokens, batching: 'static' }, signal);
    return tokens[0] ?? [];
  }

  /** Resolves when an order that was given up is done. */
  async settle(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#pending;
  }

  stop(): Promise<void> {
    return kill(this.#child);
  }

  async #order(
    order: { prompts: readonly (readonly number[])[]; maxTokens: number; batching: Batching },
    signal: AbortSignal,
  ): Promise<StreamsRun & { tokens: number[][] }> {
    this.#child.send(order);
    const { sentMs, streams, tokens = [], failure } = await nextMessage(this.#child, signal);
    const isWhole = streams?.every((times) => times.length === order.maxTokens);
    if (sentMs === undefined || streams === undefined || isWhole !== true) {
      throw new EngineError('backend_failure', failure ?? 'a stream ended early');
    }
    const events = streams.map((times) => times.map((atMs) => ({ atMs, numTokens: 1 })));
    return { sentMs, streams: events, tokens, isCutOff: false };
  }
}

async function nextMessage(child: ChildProcess, signal: AbortSignal): Promise<PeerMessage> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const ended = once(child, 'exit', { signal: either }).then(() => {
    throw new EngineError(
      'backend_unavailable',
      `the process of another engine ended (${child.spawnargs[1]})`,
    );
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: either }), ended])) as [
      PeerMessage,
    ];
    return message;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    ended.catch(() => undefined);
    stop.abort();
  }
}

function waitUntil(untilMs: number): { promise: Promise<undefined>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(untilMs - performance.now(), 1));
  });
  return { promise, stop: () => clearTimeout(timer) };
}
