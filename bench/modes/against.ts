import { Agent, request } from 'node:http';
import { resolve } from 'node:path';
import Table from 'cli-table3';
import { describeMachine, readLoad, type MachineReport } from '../../src/bench/describe-machine.ts';
import { median } from '../../src/bench/latency-summary.ts';
import { startServiceProcess, type ServiceProcess } from '../harness/service-process.ts';
import { EngineError } from '../../src/errors.ts';
import { benchMode, count, model, type BenchOption, type ParamsOf } from '../mode.ts';
import { findModel } from '../models.ts';
import { ROOT } from '../../scripts/install-packages.ts';

export const AGAINST: BenchOption<string> = {
  flag: 'against',
  value: 'DIR',
  meaning: 'the other checkout',
  read: (text) => {
    if (text !== undefined) return text;
    throw new EngineError('config_invalid', '--against wants the directory of another checkout');
  },
};

const OPTIONS = {
  against: AGAINST,
  model: model('embedded'),
  repeats: count('repeats', 15, 'rounds, each of this service and of the other'),
};

/** Text, so that a request is tokenised; short, so that what surrounds the model's steps shows. */
const PROMPT = 'Once upon a time there was a small house by the sea, and in it lived';
const REQUESTS_A_ROUND = 150;
/** V8 compiles the service's code again and again while it learns how it is used: for some 5,000 requests. */
const WARM_UP_REQUESTS = 3000;

interface Load {
  readonly name: string;
  readonly numClients: number;
  readonly maxTokens: number;
  readonly stream: boolean;
}

const LOADS: readonly Load[] = [
  { name: '1 client, 1 token', numClients: 1, maxTokens: 1, stream: false },
  { name: '1 client, 16 tokens, streamed', numClients: 1, maxTokens: 16, stream: true },
  { name: '16 clients, 16 tokens', numClients: 16, maxTokens: 16, stream: false },
  { name: '16 clients, 16 tokens, streamed', numClients: 16, maxTokens: 16, stream: true },
];

interface LoadRatios {
  load: string;
  /** Medians over all rounds, of this service. */
  requestsPerS: number;
  ttftMs: number;
  /** This service over the other, pair by pair. */
  requestsPerSRatio: Spread;
  ttftRatio: Spread;
}

interface Spread {
  min: number;
  median: number;
  max: number;
}

interface AgainstReport {
  against: string;
  model: string;
  repeats: number;
  machine: MachineReport;
  loads: LoadRatios[];
}

export const AGAINST_MODE = benchMode({
  flag: 'against',
  about: 'small requests to this service and to that of another checkout, in turns; RUNTIME and the like',
  options: OPTIONS,
  measure: benchAgainst,
  format: formatAgainst,
});

/** What a change costs small requests: both services run all the time, and one of them works at a time. */
async function benchAgainst(
  { against: path, model: name, repeats }: ParamsOf<typeof OPTIONS>,
  signal: AbortSignal,
): Promise<AgainstReport> {
  const loadBefore = readLoad();
  const { directory, label } = await findModel(name);
  const environment = { MODEL: directory, SPECULATION: 'off' };
  const other = await startServiceProcess(resolve(path), environment, signal);
  try {
    const own = await startServiceProcess(ROOT, environment, signal);
    try {
      const loads: LoadRatios[] = [];
      for (const load of LOADS) loads.push(await compare(load, own, other, repeats));
      return { against: path, model: label, repeats, machine: describeMachine(loadBefore), loads };
    } finally {
      await own.stop();
    }
  } finally {
    await other.stop();
  }
}

async function compare(
  load: Load,
  own: ServiceProcess,
  other: ServiceProcess,
  repeats: number,
): Promise<LoadRatios> {
  for (const service of [own, other]) await runRound(service.url, load, WARM_UP_REQUESTS);
  const owns: Round[] = [];
  const others: Round[] = [];
  for (let i = 0; i < repeats; i++) {
    // Who goes first alternates, since a machine may slow down as it warms up.
    if (i % 2 === 0) owns.push(await runRound(own.url, load));
    others.push(await runRound(other.url, load));
    if (i % 2 === 1) owns.push(await runRound(own.url, load));
  }
  const ratios = (value: (round: Round) => number): Spread =>
    spread(owns.map((round, i) => value(round) / value(others[i] ?? round)));
  return {
    load: load.name,
    requestsPerS: median(owns.map(({ requestsPerS }) => requestsPerS)),
    ttftMs: median(owns.map(({ ttftMs }) => ttftMs)),
    requestsPerSRatio: ratios(({ requestsPerS }) => requestsPerS),
    ttftRatio: ratios(({ ttftMs }) => ttftMs),
  };
}

interface Round {
  requestsPerS: number;
  /** Median time to the first byte of the answer's body. */
  ttftMs: number;
}

/** A closed loop of so many clients. */
async function runRound(
  url: string,
  { numClients, maxTokens, stream }: Load,
  numRequests = REQUESTS_A_ROUND,
): Promise<Round> {
  const agent = new Agent({ keepAlive: true });
  const ttfts: number[] = [];
  let numLeft = numRequests;
  const runClient = async (): Promise<void> => {
    while (numLeft-- > 0) {
      const prompt = `${PROMPT} ${numLeft}`;
      ttfts.push(
        await post(url, agent, { prompt, max_tokens: maxTokens, temperature: 0, ignore_eos: true, stream }),
      );
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: numClients }, runClient));
  const seconds = (performance.now() - startedAt) / 1000;
  agent.destroy();
  return { requestsPerS: numRequests / seconds, ttftMs: median(ttfts) };
}

/** Milliseconds from sending to the first byte of the body. */
function post(url: string, agent: Agent, body: object): Promise<number> {
  return new Promise((resolvePost, reject) => {
    const text = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const startedAt = performance.now();
    let firstAt: number | undefined;
    const sent = request(`${url}/v1/completions`, { method: 'POST', agent, headers }, (answer) => {
      if (answer.statusCode !== 200)
        reject(new EngineError('backend_failure', `status ${answer.statusCode}`));
      answer.on('data', () => (firstAt ??= performance.now()));
      answer.on('end', () => resolvePost((firstAt ?? performance.now()) - startedAt));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

function formatAgainst({ against, model, repeats, machine, loads }: AgainstReport): string {
  const table = new Table({
    head: ['load', 'requests/s', 'ratio', '(min to max)', 'TTFT ms', 'ratio', '(min to max)'],
    style: { head: [], border: [], compact: true },
  });
  const range = ({ min, max }: Spread): string => `${min.toFixed(3)} to ${max.toFixed(3)}`;
  for (const { load, requestsPerS, ttftMs, requestsPerSRatio: rate, ttftRatio: ttft } of loads) {
    table.push([
      load,
      requestsPerS.toFixed(0),
      rate.median.toFixed(3),
      range(rate),
      ttftMs.toFixed(2),
      ttft.median.toFixed(3),
      range(ttft),
    ]);
  }
  return [
    `${model}, this service over that of ${against}, medians of ${repeats} pairs of ${REQUESTS_A_ROUND} requests`,
    `${machine.numCores} cores of ${machine.cpu}, Node ${machine.nodeVersion}, load ${machine.loadBefore.toFixed(1)}`,
    table.toString(),
  ].join('\n');
}
