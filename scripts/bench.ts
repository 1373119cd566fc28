import { parseArgs } from 'node:util';
import { pino } from 'pino';
import {
  BENCHMARK_MODES,
  DEFAULT_BENCHMARK_PARAMS,
  defaultContextSweep,
} from '../src/bench/benchmark-params.ts';
import type { BenchmarkMode, BenchmarkParams } from '../src/bench/benchmark-params.ts';
import type { BenchmarkProgress, BenchmarkReport } from '../src/bench/benchmark-report.ts';
import { formatComparison } from '../src/bench/comparison-table.ts';
import { HttpTarget } from '../src/bench/http-target.ts';
import { PEER_COLUMNS, PEER_ROWS } from '../src/bench/peer-bars.ts';
import { formatPeerReport } from '../src/bench/peer-report.ts';
import { formatReport } from '../src/bench/report-table.ts';
import { runBenchmark } from '../src/bench/run-benchmark.ts';
import type { BenchmarkOptions } from '../src/bench/run-benchmark.ts';
import { toSnakeCase } from '../src/bench/snake-case.ts';
import { readConfig } from '../src/config/config.ts';
import { EngineError } from '../src/errors.ts';
import { startService } from '../src/service.ts';
import { benchInterference, formatInterference, INTERFERENCE_DEFAULTS } from './bench-interference.ts';
import { benchPeers, PEERS_DEFAULTS, type PeersParams } from './bench-peers.ts';
import { benchRuntimes, COMPARISON_DEFAULTS, type RuntimesParams } from './bench-runtimes.ts';
import { benchSpeculation, formatSpeculation, SPECULATION_DEFAULTS } from './bench-speculation.ts';

const USAGE = `npm run bench -- [options]

  --prompt-tokens N      tokens of each prompt (${DEFAULT_BENCHMARK_PARAMS.promptTokens})
  --max-tokens N         tokens generated for each (${DEFAULT_BENCHMARK_PARAMS.maxTokens})
  --concurrency N,N,...  clients at once, a run each; 'none' for the sweep alone (${DEFAULT_BENCHMARK_PARAMS.concurrency.join()})
  --repeats N            requests for each client, timings for each context (${DEFAULT_BENCHMARK_PARAMS.repeats})
  --context-sweep N,...  time prefill and a cached step at these contexts; 'auto' picks them
  --modes engine,http    where requests enter (both; with --url http alone)
  --seed N               of the synthetic prompts (${DEFAULT_BENCHMARK_PARAMS.seed})
  --url URL              measure the service that listens there, instead of one started here
  --json                 print the report as JSON, as POST /benchmark returns it

A service started here takes its settings from the environment: MODEL=path RUNTIME=cpu npm run bench

npm run bench -- --runtimes NAME,NAME,...   every runtime with every model, as a Markdown table; NAME:f16 asks for
                         half-precision weights. Also takes --seed and --json, and with other defaults
  --models NAME,...      embedded, gpt2-small (of random weights), or a model directory (embedded,gpt2-small)
  --concurrency N,N,...  streams that decode at once (${COMPARISON_DEFAULTS.concurrency.join()})
  --prompt-tokens N      of each stream (${COMPARISON_DEFAULTS.promptTokens})
  --max-tokens N         of each stream (${COMPARISON_DEFAULTS.maxTokens})
  --ttft N,N,...         prompts whose first token is waited for (${COMPARISON_DEFAULTS.ttftPromptTokens.join()})
  --repeats N            rounds (${COMPARISON_DEFAULTS.rounds})
  --max-seconds N        what a runtime may take for one turn; then it is cut off (${COMPARISON_DEFAULTS.maxSeconds})
  --require              fail when a runtime cannot run or does not last

npm run bench -- --interference   what running streams notice of a long prompt that arrives among them; RUNTIME,
                         --seed, --json, --models (one), and with other defaults
  --concurrency N        streams (${INTERFERENCE_DEFAULTS.streams})
  --prompt-tokens N      of each prompt that arrives (${INTERFERENCE_DEFAULTS.promptTokens})
  --repeats N            prompts (${INTERFERENCE_DEFAULTS.repeats})

npm run bench -- --peers   beside transformers.js and node-llama-cpp, which are installed first, on GPT-2 small of
                         random weights, as a Markdown table. Needs Python 3.11 with pip. Fails on a busy machine.
                         Also takes --seed, --json and --max-seconds (${PEERS_DEFAULTS.maxSeconds})
  --columns NAME,...     of ours (${PEER_COLUMNS.join()})
  --rows NAME,...        what is held against the others (${PEER_ROWS.join()})
  --repeats N            rounds (${PEERS_DEFAULTS.rounds})
  --require              fail when a bar is missed or not measured

npm run bench -- --speculation    what drafts gain, and cost where there is nothing to gain; RUNTIME, --json, --models
                         (one), and with other defaults
  --concurrency N,N,...  streams (${SPECULATION_DEFAULTS.streams.join()})
  --max-tokens N         of each stream (${SPECULATION_DEFAULTS.maxTokens})
  --repeats N            rounds (${SPECULATION_DEFAULTS.rounds})
`;

const OPTIONS = {
  'prompt-tokens': { type: 'string' },
  'max-tokens': { type: 'string' },
  concurrency: { type: 'string' },
  repeats: { type: 'string' },
  'context-sweep': { type: 'string' },
  modes: { type: 'string' },
  seed: { type: 'string' },
  url: { type: 'string' },
  runtimes: { type: 'string' },
  interference: { type: 'boolean' },
  peers: { type: 'boolean' },
  columns: { type: 'string' },
  rows: { type: 'string' },
  speculation: { type: 'boolean' },
  models: { type: 'string' },
  ttft: { type: 'string' },
  'max-seconds': { type: 'string' },
  require: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Flags = ReturnType<typeof readFlags>;

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  if (flags.interference === true) {
    await interfere(flags);
    return;
  }
  if (flags.peers === true) {
    await comparePeers(flags);
    return;
  }
  if (flags.speculation === true) {
    await speculate(flags);
    return;
  }
  if (flags.runtimes !== undefined) {
    await compare(flags, flags.runtimes.split(','));
    return;
  }
  const report = flags.url === undefined ? await benchOwnService(flags) : await benchUrl(flags, flags.url);
  const text = flags.json === true ? JSON.stringify(toSnakeCase(report), undefined, 2) : formatReport(report);
  process.stdout.write(`${text}\n`);
}

async function benchOwnService(flags: Flags): Promise<BenchmarkReport> {
  const config = readConfig({ ...process.env, PORT: '0' }, []);
  const service = await startService(config, pino({ level: 'silent' }));
  try {
    const { engine, url } = service;
    const params = readParams(flags, engine.model.contextLength, BENCHMARK_MODES);
    return await run({ params, engine, url });
  } finally {
    await service.close(0);
  }
}

async function benchUrl(flags: Flags, url: string): Promise<BenchmarkReport> {
  const { contextLength } = await new HttpTarget(url).readModel(AbortSignal.timeout(10_000));
  return run({ params: readParams(flags, contextLength, ['http']), url });
}

async function compare(flags: Flags, runtimes: readonly string[]): Promise<void> {
  const report = await benchRuntimes(readRuntimesParams(flags, runtimes), interruptSignal());
  const text =
    flags.json === true ? JSON.stringify(toSnakeCase(report), undefined, 2) : formatComparison(report);
  process.stdout.write(`${text}\n`);
  const hasFailure = report.models.some(({ rows }) => rows.some(({ failure }) => failure !== undefined));
  if (flags.require === true && hasFailure) process.exitCode = 1;
}

async function interfere(flags: Flags): Promise<void> {
  const defaults = INTERFERENCE_DEFAULTS;
  const report = await benchInterference(
    {
      model: flags.models ?? defaults.model,
      streams: readNumber(flags.concurrency, defaults.streams),
      promptTokens: readNumber(flags['prompt-tokens'], defaults.promptTokens),
      repeats: readNumber(flags.repeats, defaults.repeats),
      seed: readNumber(flags.seed, defaults.seed),
    },
    interruptSignal(),
  );
  const text =
    flags.json === true ? JSON.stringify(toSnakeCase(report), undefined, 2) : formatInterference(report);
  process.stdout.write(`${text}\n`);
}

async function comparePeers(flags: Flags): Promise<void> {
  const params = readPeersParams(flags);
  const report = await benchPeers(params, interruptSignal());
  const text =
    flags.json === true ? JSON.stringify(toSnakeCase(report), undefined, 2) : formatPeerReport(report);
  process.stdout.write(`${text}\n`);
  const numMet = report.verdicts.filter(({ isMet }) => isMet).length;
  const isShort = flags.require === true && numMet < params.rows.length * params.columns.length;
  if (report.disturbances.length > 0 || isShort) process.exitCode = 1;
}

async function speculate(flags: Flags): Promise<void> {
  const defaults = SPECULATION_DEFAULTS;
  const params = {
    model: flags.models ?? defaults.model,
    streams: readNumbers(flags.concurrency, defaults.streams),
    maxTokens: readNumber(flags['max-tokens'], defaults.maxTokens),
    rounds: readNumber(flags.repeats, defaults.rounds),
  };
  const report = await benchSpeculation(params, interruptSignal());
  const text =
    flags.json === true ? JSON.stringify(toSnakeCase(report), undefined, 2) : formatSpeculation(report);
  process.stdout.write(`${text}\n`);
}

function run(options: BenchmarkOptions): Promise<BenchmarkReport> {
  return runBenchmark({ ...options, onProgress: showProgress, signal: interruptSignal() });
}

/** Ctrl-C stops the requests, and the service with them. */
function interruptSignal(): AbortSignal {
  const interrupt = new AbortController();
  process.once('SIGINT', () =>
    interrupt.abort(new EngineError('request_timeout', 'interrupted', { retryable: false })),
  );
  return interrupt.signal;
}

function readFlags() {
  try {
    return parseArgs({ options: OPTIONS, strict: true }).values;
  } catch (cause) {
    throw new EngineError(
      'config_invalid',
      `${cause instanceof Error ? cause.message : String(cause)}\n\n${USAGE}`,
    );
  }
}

function readParams(flags: Flags, contextLength: number, modes: readonly BenchmarkMode[]): BenchmarkParams {
  const defaults = DEFAULT_BENCHMARK_PARAMS;
  const sweep = flags['context-sweep'];
  return {
    promptTokens: readNumber(flags['prompt-tokens'], defaults.promptTokens),
    maxTokens: readNumber(flags['max-tokens'], defaults.maxTokens),
    concurrency: flags.concurrency === 'none' ? [] : readNumbers(flags.concurrency, defaults.concurrency),
    repeats: readNumber(flags.repeats, defaults.repeats),
    contextSweep: sweep === 'auto' ? defaultContextSweep(contextLength) : readNumbers(sweep, []),
    modes: flags.modes === undefined ? modes : readNames('modes', flags.modes, BENCHMARK_MODES),
    seed: readNumber(flags.seed, defaults.seed),
  };
}

function readRuntimesParams(flags: Flags, runtimes: readonly string[]): RuntimesParams {
  const defaults = COMPARISON_DEFAULTS;
  return {
    runtimes,
    models: flags.models?.split(',') ?? defaults.models,
    concurrency: readNumbers(flags.concurrency, defaults.concurrency),
    promptTokens: readNumber(flags['prompt-tokens'], defaults.promptTokens),
    maxTokens: readNumber(flags['max-tokens'], defaults.maxTokens),
    ttftPromptTokens: readNumbers(flags.ttft, defaults.ttftPromptTokens),
    rounds: readNumber(flags.repeats, defaults.rounds),
    minSeconds: defaults.minSeconds,
    maxSeconds: readNumber(flags['max-seconds'], defaults.maxSeconds),
    seed: readNumber(flags.seed, defaults.seed),
  };
}

function readPeersParams(flags: Flags): PeersParams {
  const { rounds, minSeconds, maxSeconds, seed } = PEERS_DEFAULTS;
  return {
    columns: readNames('columns', flags.columns, PEER_COLUMNS),
    rows: readNames('rows', flags.rows, PEER_ROWS),
    rounds: readCount('repeats', flags.repeats, rounds),
    minSeconds,
    maxSeconds: readCount('max-seconds', flags['max-seconds'], maxSeconds),
    seed: readNumber(flags.seed, seed),
  };
}

function readCount(flag: string, text: string | undefined, fallback: number): number {
  const count = readNumber(text, fallback);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new EngineError('config_invalid', `--${flag} is '${text ?? ''}': must be a whole number from 1 on`);
}

function readNames<Name extends string>(
  flag: string,
  text: string | undefined,
  known: readonly Name[],
): readonly Name[] {
  if (text === undefined) return known;
  return text.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found !== undefined) return found;
    throw new EngineError('config_invalid', `--${flag} has '${name}': must be of ${known.join(', ')}`);
  });
}

/** Not a number becomes NaN, which the benchmark refuses by the parameter's name. */
function readNumber(text: string | undefined, fallback: number): number {
  return text === undefined ? fallback : Number(text);
}

function readNumbers(text: string | undefined, fallback: readonly number[]): readonly number[] {
  return text === undefined ? fallback : text.split(',').map(Number);
}

let lastLine = '';

/** Apart from the report: a line that rewrites itself on a terminal, one for each finished phase elsewhere. */
function showProgress({ phase, mode, concurrency, numDone, numTotal }: BenchmarkProgress): void {
  const clients = concurrency === undefined ? '' : `, ${concurrency} clients`;
  const line = `${phase.replaceAll('_', ' ')} (${mode}${clients}): ${numDone} of ${numTotal}`;
  const isDone = numDone === numTotal;
  if (process.stderr.isTTY) {
    process.stderr.write(`\r${line.padEnd(lastLine.length)}${isDone ? '\n' : ''}`);
    lastLine = isDone ? '' : line;
  } else if (isDone) process.stderr.write(`${line}\n`);
}

await main().catch((error: unknown) => {
  console.error(error instanceof EngineError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
});
