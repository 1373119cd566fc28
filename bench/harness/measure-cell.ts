import { EngineError } from '../../src/errors.ts';
import { decodeWindow } from './decode-rate.ts';
import type { RunStreams, StreamsOrder } from './run-streams.ts';

/**
 * One column of a comparison: what is done, and by how many at once.
 *
 * - `decode`: new tokens while all streams decode; the prompts are computed before.
 * - `requests`: new tokens of whole requests, whose prompts no cache knows and are computed in the time that counts.
 * - `ttft`: the first token behind a prompt that no cache knows.
 */
export type Cell =
  | (StreamsOrder & { kind: 'decode' })
  | (StreamsOrder & { kind: 'requests' })
  | { kind: 'ttft'; promptTokens: number };

export interface CellOptions {
  run: RunStreams;
  /** The work is repeated until so much time was measured: a model that is fast needs more tokens. */
  minMs: number;
  /** What is not done by then is cut off. */
  limitMs: number;
  signal: AbortSignal;
}

/** What one trial at a cell gave: tokens per second, or milliseconds to the first token. */
export interface CellReading {
  /** Empty when time was up before anything could be measured. */
  values: readonly number[];
  /** Requests were cut off. */
  isCutOff: boolean;
}

const MAX_EMPTY_RUNS = 20;

/** @throws what a request throws, and what `signal` was aborted with; a time limit is no error */
export async function measureCell(cell: Cell, options: CellOptions): Promise<CellReading> {
  switch (cell.kind) {
    case 'decode':
      return measureDecode(cell, options);
    case 'requests':
      return measureRequests(cell, options);
    case 'ttft':
      return measureTtft(cell, options);
  }
}

async function measureDecode(cell: StreamsOrder, options: CellOptions): Promise<CellReading> {
  const until = performance.now() + options.limitMs;
  let numTokens = 0;
  let ms = 0;
  let isCutOff: boolean;
  let numEmptyRuns = 0;
  do {
    const run = await options.run({ ...cell, isPrefilled: true }, until, options.signal);
    const window = decodeWindow(run.streams);
    isCutOff = run.isCutOff;
    // A client that is late may read one stream's end before another's start, of streams that take a few milliseconds.
    if (window === undefined && ++numEmptyRuns === MAX_EMPTY_RUNS) throw neverSideBySide(cell);
    numTokens += window?.numTokens ?? 0;
    ms += window?.ms ?? 0;
  } while (!isCutOff && ms < options.minMs);
  return { values: ms > 0 ? [(numTokens / ms) * 1000] : [], isCutOff };
}

/** All requests are sent at once; the time goes from there to the last token of the last of them. */
async function measureRequests(cell: StreamsOrder, options: CellOptions): Promise<CellReading> {
  const until = performance.now() + options.limitMs;
  let numTokens = 0;
  let ms = 0;
  let isCutOff: boolean;
  do {
    const run = await options.run({ ...cell, isPrefilled: false }, until, options.signal);
    isCutOff = run.isCutOff;
    // Requests that were cut off are not whole.
    if (isCutOff) break;
    const events = run.streams.flat();
    numTokens += events.reduce((sum, event) => sum + event.numTokens, 0);
    ms += Math.max(...events.map(({ atMs }) => atMs)) - run.sentMs;
  } while (ms < options.minMs);
  return { values: ms > 0 ? [(numTokens / ms) * 1000] : [], isCutOff };
}

async function measureTtft(cell: Cell & { kind: 'ttft' }, options: CellOptions): Promise<CellReading> {
  const startedMs = performance.now();
  const until = startedMs + options.limitMs;
  const order = { streams: 1, promptTokens: cell.promptTokens, maxTokens: 1 };
  const values: number[] = [];
  let isCutOff: boolean;
  do {
    const { sentMs, streams, isCutOff: wasCut } = await options.run(order, until, options.signal);
    isCutOff = wasCut;
    const [first] = streams.flat();
    if (first !== undefined) values.push(first.atMs - sentMs);
  } while (!isCutOff && performance.now() - startedMs < options.minMs);
  return { values, isCutOff };
}

function neverSideBySide({ streams, maxTokens }: StreamsOrder): EngineError {
  return new EngineError(
    'invalid_request',
    `${streams} streams of ${maxTokens} tokens never all decoded at once: ask for more tokens, or give the service as many seats`,
    { param: 'max_tokens' },
  );
}
