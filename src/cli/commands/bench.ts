import type { Command } from 'commander';
import {
  BENCHMARK_MODES,
  DEFAULT_BENCHMARK_PARAMS,
  defaultContextSweep,
  type BenchmarkMode,
  type BenchmarkParams,
} from '../../bench/benchmark-params.ts';
import type { BenchmarkProgress, BenchmarkReport } from '../../bench/benchmark-report.ts';
import type { BenchmarkOptions } from '../../bench/run-benchmark.ts';
import { interruptSignal } from '../drain-on-signals.ts';
import { readNames, readNumber, readNumbers } from '../read-values.ts';
import { addSettings, readSettings, ENGINE_SETTINGS } from '../setting-flags.ts';
import { printJson } from '../terminal.ts';

interface Flags {
  readonly promptTokens?: string;
  readonly maxTokens?: string;
  readonly concurrency?: string;
  readonly repeats?: string;
  readonly contextSweep?: string;
  readonly modes?: string;
  readonly seed?: string;
  readonly url?: string;
  readonly json?: true;
}

export function configureBench(command: Command): void {
  const { promptTokens, maxTokens, concurrency, repeats, seed } = DEFAULT_BENCHMARK_PARAMS;
  command
    .addHelpText(
      'after',
      '\nWithout --url a service is started here; the key that one elsewhere wants is in TOKENFLARE_API_KEY.',
    )
    .option('--prompt-tokens <n>', `tokens of each prompt [${promptTokens}]`)
    .option('--max-tokens <n>', `tokens generated for each [${maxTokens}]`)
    .option(
      '--concurrency <n,n>',
      `clients at once, a run each; 'none' for the sweep alone [${concurrency.join()}]`,
    )
    .option('--repeats <n>', `requests for each client, timings for each context [${repeats}]`)
    .option('--context-sweep <n,n>', "time prefill and a cached step at these contexts; 'auto' picks them")
    .option('--modes <names>', 'where requests enter: engine,http [both; with --url http]')
    .option('--seed <n>', `of the synthetic prompts [${seed}]`)
    .option('--url <url>', 'measure the service that listens there')
    .option('--json', 'the report as JSON, as POST /benchmark returns it');
  addSettings(command, 'Settings of the service that is started here:', ENGINE_SETTINGS);
  command.action(() => bench(command));
}

async function bench(command: Command): Promise<void> {
  const flags = command.opts<Flags>();
  const report =
    flags.url === undefined ? await benchOwnService(command, flags) : await benchUrl(flags, flags.url);
  if (flags.json === true) {
    printJson(report);
    return;
  }
  const { formatReport } = await import('../../bench/report-table.ts');
  process.stdout.write(`${formatReport(report)}\n`);
}

async function benchOwnService(command: Command, flags: Flags): Promise<BenchmarkReport> {
  const config = readSettings(command, { port: '0' });
  const [{ pino }, { startService }] = await Promise.all([import('pino'), import('../../service.ts')]);
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
  const { HttpTarget } = await import('../../bench/http-target.ts');
  const target = new HttpTarget(url, undefined, apiKey);
  const { contextLength } = await target.readModel(AbortSignal.timeout(10_000));
  return run({ params: readParams(flags, contextLength, ['http']), url, apiKey });
}

async function run(options: BenchmarkOptions): Promise<BenchmarkReport> {
  const { runBenchmark } = await import('../../bench/run-benchmark.ts');
  return runBenchmark({ ...options, onProgress: showProgress, signal: interruptSignal() });
}

function readParams(flags: Flags, contextLength: number, modes: readonly BenchmarkMode[]): BenchmarkParams {
  const defaults = DEFAULT_BENCHMARK_PARAMS;
  const { contextSweep: sweep } = flags;
  return {
    promptTokens: readNumber(flags.promptTokens, defaults.promptTokens),
    maxTokens: readNumber(flags.maxTokens, defaults.maxTokens),
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
