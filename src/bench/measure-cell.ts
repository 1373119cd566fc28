import { setMaxListeners } from 'node:events';
import { EngineError } from '../errors.ts';
import type { BenchmarkTarget } from './benchmark-target.ts';
import { decodeWindow, type DecodeWindow, type TokenEvent } from './decode-rate.ts';
import type { Workload } from './workload.ts';

/** One column of a comparison: what is done, and by how many at once. */
export type Cell =
  | { kind: 'decode'; streams: number; promptTokens: number; maxTokens: number }
  | { kind: 'ttft'; promptTokens: number };

export interface CellOptions {
  target: BenchmarkTarget;
  workload: Workload;
  /** The work is repeated until so much time was measured: a model that is fast needs more tokens. */
  minMs: number;
  /** What is not done by then is cut off. */
  limitMs: number;
  signal: AbortSignal;
}

/** What one turn at a cell gave: tokens per second, or milliseconds to the first token. */
export interface CellReading {
  /** Empty when time was up before anything could be measured. */
  values: readonly number[];
  /** Requests were cut off. */
  isCutOff: boolean;
}

const MAX_EMPTY_RUNS = 20;

/** @throws what a request throws, and what `signal` was aborted with; a time limit is no error */
export async function measureCell(cell: Cell, options: CellOptions): Promise<CellReading> {
  return cell.kind === 'decode' ? measureDecode(cell, options) : measureTtft(cell, options);
}

async function measureDecode(cell: Cell & { kind: 'decode' }, options: CellOptions): Promise<CellReading> {
  const until = performance.now() + options.limitMs;
  let numTokens = 0;
  let ms = 0;
  let isCutOff: boolean;
  let numEmptyRuns = 0;
  do {
    const run = await runStreams(cell, until, options);
    isCutOff = run.isCutOff;
    // A client that is late may read one stream's end before another's start, of streams that take a few milliseconds.
    if (run.window === undefined && ++numEmptyRuns === MAX_EMPTY_RUNS) throw neverSideBySide(cell);
    numTokens += run.window?.numTokens ?? 0;
    ms += run.window?.ms ?? 0;
  } while (!isCutOff && ms < options.minMs);
  return { values: ms > 0 ? [(numTokens / ms) * 1000] : [], isCutOff };
}

async function measureTtft(cell: Cell & { kind: 'ttft' }, options: CellOptions): Promise<CellReading> {
  const startedMs = performance.now();
  const until = startedMs + options.limitMs;
  const values: number[] = [];
  let isCutOff: boolean;
  do {
    const sentMs = performance.now();
    const { streams, isCutOff: wasCut } = await runStreams(
      { streams: 1, promptTokens: cell.promptTokens, maxTokens: 1 },
      until,
      options,
    );
    isCutOff = wasCut;
    const [first] = streams.flat();
    if (first !== undefined) values.push(first.atMs - sentMs);
  } while (!isCutOff && performance.now() - startedMs < options.minMs);
  return { values, isCutOff };
}

function neverSideBySide({ streams, maxTokens }: Cell & { kind: 'decode' }): EngineError {
  return new EngineError(
    'invalid_request',
    `${streams} streams of ${maxTokens} tokens never all decoded at once: ask for more tokens, or give the service as many lanes`,
    { param: 'max_tokens' },
  );
}

interface StreamsRun {
  streams: readonly (readonly TokenEvent[])[];
  window: DecodeWindow | undefined;
  isCutOff: boolean;
}

/** One request a stream, all sent at once. */
async function runStreams(
  { streams: numStreams, promptTokens, maxTokens }: Omit<Cell & { kind: 'decode' }, 'kind'>,
  untilMs: number,
  { target, workload, signal }: CellOptions,
): Promise<StreamsRun> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), Math.max(untilMs - performance.now(), 1));
  const either = AbortSignal.any([signal, stop.signal]);
  setMaxListeners(numStreams + 1, either);
  const streams = Array.from({ length: numStreams }, (): TokenEvent[] => []);
  const prompts = streams.map(() => workload.nextPrompt(promptTokens));
  const requests = streams.map((events, index) =>
    target.generate(
      { prompts: [prompts[index] ?? []], maxTokens },
      (numTokens) => events.push({ atMs: performance.now(), numTokens }),
      either,
    ),
  );
  try {
    await Promise.all(requests);
  } catch (error) {
    const isCutOff = stop.signal.aborted;
    stop.abort();
    await Promise.allSettled(requests);
    signal.throwIfAborted();
    if (!isCutOff) throw error;
    return { streams, window: decodeWindow(streams), isCutOff };
  } finally {
    clearTimeout(timer);
  }
  return { streams, window: decodeWindow(streams), isCutOff: false };
}
