import { HttpTarget } from '../../src/bench/http-target.ts';
import { describeMachine, readLoad, type MachineReport } from '../../src/bench/describe-machine.ts';
import { metricIn } from '../harness/metric-in.ts';
import { median } from '../../src/bench/latency-summary.ts';
import { startServiceProcess, type ServiceProcess } from '../harness/service-process.ts';
import { EngineError } from '../../src/errors.ts';
import { benchMode, model, number, numbers, type ParamsOf } from '../mode.ts';
import { findModel } from '../models.ts';
import { ROOT } from '../../scripts/install-packages.ts';

const PASSAGE =
  'The fox ran down the hill to the river, and the river said to the fox: where do you run so fast? ' +
  'I run to the mill, said the fox, for the miller has a hen, and the hen has an egg. ';
const SETTINGS = ['auto', 'off'] as const;
type Setting = (typeof SETTINGS)[number];

/** What is asked for: a text that goes on as it went before, and one that is drawn and says little twice. */
const WORKLOADS = [
  { name: 'a repeated passage, greedy', body: { prompt: PASSAGE.repeat(4), temperature: 0 } },
  { name: 'a new text, sampled', body: { prompt: 'Once upon a time', temperature: 1, seed: 1 } },
] as const;

const OPTIONS = {
  model: model('embedded'),
  streams: numbers('concurrency', [1, 4, 16], 'streams'),
  maxTokens: number('max-tokens', 128, 'of each stream'),
  rounds: number('repeats', 5, 'rounds'),
};
type SpeculationParams = ParamsOf<typeof OPTIONS>;

interface SpeculationRow {
  workload: string;
  streams: number;
  /** Tokens per second of all streams together, with drafts and without: medians. */
  tokensPerS: Record<Setting, number>;
  gain: number;
  /** Of the tokens of drafts, those that were drawn as well; `undefined` when there were none. */
  acceptanceRate: number | undefined;
}

interface SpeculationReport {
  params: SpeculationParams;
  model: string;
  machine: MachineReport;
  rows: readonly SpeculationRow[];
}

export const SPECULATION_MODE = benchMode({
  flag: 'speculation',
  about: 'what drafts gain, and cost where there is nothing to gain; RUNTIME and the like',
  options: OPTIONS,
  measure: benchSpeculation,
  format: formatSpeculation,
});

interface Reading {
  tokensPerS: number;
  text: string;
}

/**
 * What drafts gain and what they cost where there is nothing to gain: two services side by side, in turns, through HTTP.
 * @throws EngineError `internal` when the two do not say the same
 */
async function benchSpeculation(params: SpeculationParams, signal: AbortSignal): Promise<SpeculationReport> {
  const loadBefore = readLoad();
  const { directory, label } = await findModel(params.model);
  const services = new Map<Setting, ServiceProcess>();
  try {
    for (const setting of SETTINGS) {
      const environment = { MODEL: directory, SPECULATION: setting };
      services.set(setting, await startServiceProcess(ROOT, environment, signal));
    }
    const rows: SpeculationRow[] = [];
    for (const { name, body } of WORKLOADS) {
      for (const streams of params.streams) {
        const request = { ...body, n: streams, max_tokens: params.maxTokens, ignore_eos: true };
        rows.push({ workload: name, streams, ...(await compare(services, request, params.rounds, signal)) });
      }
    }
    return { params, model: label, machine: describeMachine(loadBefore), rows };
  } finally {
    await Promise.all([...services.values()].map((service) => service.stop()));
  }
}

async function compare(
  services: ReadonlyMap<Setting, ServiceProcess>,
  request: Record<string, unknown>,
  rounds: number,
  signal: AbortSignal,
): Promise<Pick<SpeculationRow, 'tokensPerS' | 'gain' | 'acceptanceRate'>> {
  const speeds: Record<Setting, number[]> = { auto: [], off: [] };
  const target = new HttpTarget(services.get('auto')?.url ?? '');
  const countDrafts = async (): Promise<[number, number]> => {
    const metrics = await target.readMetrics(signal);
    const count = (what: string): number =>
      metricIn(metrics, `tokenflare_spec_decode_num_${what}_tokens_total`) ?? NaN;
    return [count('draft'), count('accepted')];
  };
  const [draftedBefore, acceptedBefore] = await countDrafts();
  // The first round is not counted.
  for (let round = 0; round <= rounds; round++) {
    const texts = new Set<string>();
    // The second way runs on the machine as the first left it.
    const inTurn = round % 2 === 0 ? [...services] : [...services].reverse();
    for (const [setting, service] of inTurn) {
      const { tokensPerS, text } = await complete(service.url, request, signal);
      texts.add(text);
      if (round > 0) speeds[setting].push(tokensPerS);
    }
    if (texts.size > 1) throw new EngineError('internal', 'with drafts the text is another than without');
  }
  const [drafted, accepted] = await countDrafts();
  const tokensPerS = { auto: median(speeds.auto), off: median(speeds.off) };
  const numDrafted = drafted - draftedBefore;
  return {
    tokensPerS,
    gain: tokensPerS.auto / tokensPerS.off,
    acceptanceRate: numDrafted === 0 ? undefined : (accepted - acceptedBefore) / numDrafted,
  };
}

/** Tokens after the first of each choice, over the time from the first token to the end; choices share a prefill. */
async function complete(
  url: string,
  request: Record<string, unknown>,
  signal: AbortSignal,
): Promise<Reading> {
  const response = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new EngineError('backend_failure', `${url} answered ${response.status}: ${text}`);
  const { choices, usage } = JSON.parse(text) as {
    choices: { text: string }[];
    usage: { completion_tokens: number };
  };
  const secondsOf = (name: string): number => Number(response.headers.get(name)) / 1000;
  const seconds = secondsOf('x-total-time') - secondsOf('x-time-to-first-token');
  return {
    tokensPerS: (usage.completion_tokens - choices.length) / seconds,
    text: choices.map((choice) => choice.text).join('\n'),
  };
}

/** The report as a table for a terminal. */
function formatSpeculation({ model, machine, params, rows }: SpeculationReport): string {
  const cells = rows.map(({ workload, streams, tokensPerS, gain, acceptanceRate }) => [
    workload,
    String(streams),
    tokensPerS.off.toFixed(0),
    tokensPerS.auto.toFixed(0),
    gain.toFixed(2),
    acceptanceRate === undefined ? 'none drafted' : `${(100 * acceptanceRate).toFixed(0)} %`,
  ]);
  const header = ['workload', 'streams', 'decode tokens/s, off', 'auto', 'gain', 'accepted'];
  const widths = header.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const toLine = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [
    `${model}; ${machine.numCores} cores of ${machine.cpu}, Node ${machine.nodeVersion}, load ${machine.loadBefore.toFixed(1)}`,
    `${params.maxTokens} tokens a stream, medians of ${params.rounds}`,
    ...[header, ...cells].map(toLine),
  ].join('\n');
}
