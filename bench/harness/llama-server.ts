import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  checkNumTokens,
  type BenchmarkRequest,
  type BenchmarkTarget,
} from '../../src/bench/benchmark-target.ts';
import { readSse } from '../../src/client/read-sse.ts';
import { EngineError } from '../../src/errors.ts';
import { childEnvironment } from '../../src/process/child-environment.ts';
import { hasEnded, kill, killWithUs } from './child-process.ts';

const START_LIMIT_MS = 120_000;
const POLL_MS = 50;

export interface LlamaServerOptions {
  program: string;
  model: string;
  numThreads: number;
  /** Sequences at once, and tokens of each. */
  numSeqs: number;
  maxLength: number;
}

/** llama.cpp's own server in a process, by the route that takes and gives token ids. */
export class LlamaServer implements BenchmarkTarget {
  readonly mode = 'http';
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  /** @throws EngineError `backend_unavailable` when it ends, or is not ready in time */
  static async start(options: LlamaServerOptions, signal: AbortSignal): Promise<LlamaServer> {
    const { program, model, numThreads, numSeqs, maxLength } = options;
    const port = await freePort();
    const child = spawn(
      program,
      [
        ...['-m', model, '--host', '127.0.0.1', '--port', String(port), '-t', String(numThreads)],
        // What all sequences share.
        ...['-np', String(numSeqs), '-c', String(numSeqs * maxLength)],
      ],
      { env: childEnvironment(), stdio: 'ignore' },
    );
    killWithUs(child);
    child.on('error', () => undefined);
    const server = new LlamaServer(child, `http://127.0.0.1:${port}`);
    try {
      await server.#untilReady(signal);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const until = performance.now() + START_LIMIT_MS;
    while (performance.now() < until) {
      if (hasEnded(this.#child)) break;
      const answer = await fetch(`${this.#url}/health`, { signal }).catch(() => undefined);
      signal.throwIfAborted();
      if (answer?.ok === true) return;
      await delay(POLL_MS);
    }
    throw new EngineError('backend_unavailable', `${this.#child.spawnfile} does not serve the model`);
  }

  async generate(
    request: BenchmarkRequest,
    onTokens: (numTokens: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let numTokens = 0;
    for await (const tokens of this.#stream(request, signal)) {
      numTokens += tokens.length;
      onTokens(tokens.length);
    }
    checkNumTokens(request, numTokens);
  }

  /** The greedy continuation, as token ids. */
  async complete(prompt: readonly number[], maxTokens: number, signal: AbortSignal): Promise<number[]> {
    const ids: number[] = [];
    for await (const tokens of this.#stream({ prompts: [prompt], maxTokens }, signal)) ids.push(...tokens);
    return ids;
  }

  async *#stream(
    { prompts, maxTokens }: BenchmarkRequest,
    signal: AbortSignal,
  ): AsyncGenerator<readonly number[]> {
    const body = {
      prompt: prompts[0],
      n_predict: maxTokens,
      temperature: 0,
      ignore_eos: true,
      // A prompt that was computed just before is known, as it is to a service of ours.
      cache_prompt: true,
      return_tokens: true,
      stream: true,
    };
    const response = await fetch(`${this.#url}/completion`, {
      method: 'POST',
      signal,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok || response.body === null) {
      const said = (await response.text()).slice(0, 500);
      throw new EngineError('backend_failure', `llama.cpp's server answered ${response.status}: ${said}`);
    }
    for await (const { data } of readSse(response.body)) {
      const { tokens = [] } = JSON.parse(data) as { tokens?: number[] };
      if (tokens.length > 0) yield tokens;
    }
  }

  stop(): Promise<void> {
    return kill(this.#child);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
