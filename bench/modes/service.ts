import { pino } from 'pino';
import {
  BENCHMARK_MODES,
  DEFAULT_BENCHMARK_PARAMS,
  defaultContextSweep,
} from '../../src/bench/benchmark-params.ts';
import type { BenchmarkMode, BenchmarkParams } from '../../src/bench/benchmark-params.ts';
import type { BenchmarkProgress, BenchmarkReport } from '../../src/bench/benchmark-report.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { formatReport } from '../harness/report-table.ts';
import { runBenchmark } from '../../src/bench/run-benchmark.ts';
import type { BenchmarkOptions } from '../../src/bench/run-benchmark.ts';
import { readConfig } from '../../src/config/config.ts';
import { startService } from '../../src/service.ts';
import {
  interruptSignal,
  printReport,
  readFlags,
  readNames,
  readNumber,
  readNumbers,
  type BenchMode,
} from '../mode.ts';

const usage = `npm run bench -- [options]

  --prompt-tokens N      tokens of each prompt (${DEFAULT_BENCHMARK_PARAMS.promptTokens})
  --max-tokens N         tokens generated for each (${DEFAULT_BENCHMARK_PARAMS.maxTokens})
  --concurrency N,N,...  clients at once, a run each; 'none' for the sweep alone (${DEFAULT_BENCHMARK_PARAMS.concurrency.join()})
  --repeats N            requests for each client, timings for each context (${DEFAULT_BENCHMARK_PARAMS.repeats})
  --context-sweep N,...  time prefill and a cached step at these contexts; 'auto' picks them
  --modes engine,http    where requests enter (both; with --url http alone)
  --seed N               of the synthetic prompts (${DEFAULT_BENCHMARK_PARAMS.seed})
  --url URL              measure the service that listens there, instead of one started here; its key, where it wants
                         one, in TOKENFLARE_API_KEY
  --json                 print the report as JSON, as POST /benchmark returns it

A service started here takes its settings from the environment: MODEL=path RUNTIME=cpu npm run bench
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
  json: { type: 'boolean' },
} as const;

type Flags = ReturnType<typeof readFlags<typeof OPTIONS>>;

/** The engine and the service before it, in this process, or a service elsewhere. */
export const SERVICE_MODE: BenchMode = {
  usage,
  run: async (args) => {
    const flags = readFlags(args, OPTIONS, usage);
    const report = flags.url === undefined ? await benchOwnService(flags) : await benchUrl(flags, flags.url);
    printReport(report, formatReport, flags.json);
  },
};

async function benchOwnService(flags: Flags): Promise<BenchmarkReport> {
  const config = readConfig({ ...process.env, PORT: '0', BENCHMARK_RESULTS: 'memory' }, []);
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
  const apiKey = process.env['TOKENFLARE_API_KEY'];
  const target = new HttpTarget(url, undefined, apiKey);
  const { contextLength } = await target.readModel(AbortSignal.timeout(10_000));
  return run({ params: readParams(flags, contextLength, ['http']), url, apiKey });
}

function run(options: BenchmarkOptions): Promise<BenchmarkReport> {
  return runBenchmark({ ...options, onProgress: showProgress, signal: interruptSignal() });
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
