import type { MachineReport } from '../../src/bench/describe-machine.ts';
import { summarise } from '../../src/bench/latency-summary.ts';
import { CORPUS_KINDS, type CorpusKind } from './grammar-corpus.ts';
import type { GrammarOutcome, MeasuredRun } from './grammar-runs.ts';

export const GRAMMAR_ENGINES = ['tokenflare', 'llguidance', 'xgrammar'] as const;
export type GrammarEngine = (typeof GRAMMAR_ENGINES)[number];

export interface GrammarRow {
  name: string;
  kind: CorpusKind;
  outcomes: Partial<Record<GrammarEngine, GrammarOutcome>>;
}

export interface GrammarReport {
  machine: MachineReport;
  vocabSize: number;
  rows: readonly GrammarRow[];
}

/** Rows of the table of single grammars. */
const NUM_SHOWN = 15;
/** From here on a grammar is listed by name. */
const SLOWER_TIMES = 10;

export function formatGrammars({ machine, vocabSize, rows }: GrammarReport): string {
  const { cpu, numCores, nodeVersion, loadBefore, loadAfter } = machine;
  return [
    `${rows.length} grammars, ${vocabSize} tokens; ${numCores} cores of ${cpu}, Node ${nodeVersion}, load ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after.`,
    '',
    ...tableOf(SUMMARY_HEAD, summaryCells(rows)),
    '',
    `Slower than llguidance by more than ${SLOWER_TIMES} times, by the worst mask or the mean of a token:`,
    '',
    ...tableOf(RATIO_HEAD, ratioRows(rows)),
    '',
    'The longest masks:',
    '',
    ...tableOf(RATIO_HEAD, longest(rows)),
    '',
    'Refused or not matched:',
    '',
    ...rows.flatMap(failures),
  ].join('\n');
}

const SUMMARY_HEAD = [
  'grammars',
  'engine',
  'compiled, refused, died',
  'tokens',
  'compile, ms: p50 (worst)',
  'mask, us: p50 (p99, worst)',
  'step, us: p50 (p99, worst)',
  'MiB: p50 (worst)',
];

function summaryCells(rows: readonly GrammarRow[]): string[][] {
  return CORPUS_KINDS.flatMap((kind) =>
    GRAMMAR_ENGINES.flatMap((engine) => {
      const outcomes = rows
        .filter((row) => row.kind === kind)
        .flatMap(({ outcomes }) => outcomes[engine] ?? []);
      return outcomes.length === 0 ? [] : [[kind, engine, ...engineCells(outcomes)]];
    }),
  );
}

function engineCells(outcomes: readonly GrammarOutcome[]): string[] {
  const runs = outcomes.filter(isMeasured);
  const masks = runs.flatMap(({ maskUs }) => maskUs);
  const steps = runs.flatMap(({ stepUs }) => stepUs);
  const compileMs = runs.map(({ compileUs, startUs }) => (compileUs + startUs) / 1000);
  const mebibytes = runs.map(({ bytes }) => bytes / 2 ** 20);
  const numRefused = outcomes.filter((outcome) => 'refusal' in outcome).length;
  return [
    `${runs.length}, ${numRefused}, ${outcomes.length - runs.length - numRefused}`,
    String(masks.length),
    `${p50(compileMs)} (${most(compileMs)})`,
    `${p50(masks)} (${p99(masks)}, ${most(masks)})`,
    `${p50(steps)} (${p99(steps)}, ${most(steps)})`,
    `${p50(mebibytes)} (${most(mebibytes)})`,
  ];
}

const RATIO_HEAD = [
  'grammar',
  'worst mask, us: ours, llguidance, xgrammar',
  'mean of a token, us',
  'ratio to llguidance: worst mask, mean of a token',
  'worst at',
  'MiB',
];

function ratioRows(rows: readonly GrammarRow[]): string[][] {
  return rows
    .filter(({ outcomes }) => {
      const [worst, mean] = ratiosOf(outcomes) ?? [0, 0];
      return Math.max(worst, mean) > SLOWER_TIMES;
    })
    .map(ratioCells);
}

function longest(rows: readonly GrammarRow[]): string[][] {
  const worstOf = ({ outcomes: { tokenflare } }: GrammarRow): number =>
    isMeasured(tokenflare) ? worst(tokenflare) : 0;
  return rows
    .toSorted((one, other) => worstOf(other) - worstOf(one))
    .slice(0, NUM_SHOWN)
    .map(ratioCells);
}

function ratioCells({ name, outcomes }: GrammarRow): string[] {
  const ratios = ratiosOf(outcomes);
  const all = (value: (run: MeasuredRun) => number): string =>
    GRAMMAR_ENGINES.map((engine) => {
      const outcome = outcomes[engine];
      return isMeasured(outcome) ? rounded(value(outcome)) : '–';
    }).join(', ');
  const { tokenflare } = outcomes;
  const at = isMeasured(tokenflare) ? tokenflare.maskUs.indexOf(worst(tokenflare)) : -1;
  return [
    isMeasured(outcomes.llguidance) && outcomes.llguidance.byCharacters === true ? `${name} *` : name,
    all(worst),
    all(meanOfToken),
    ratios === undefined ? '–' : ratios.map(rounded).join(', '),
    `token ${at}`,
    all(({ bytes }) => bytes / 2 ** 20),
  ];
}

function ratiosOf({ tokenflare, llguidance }: GrammarRow['outcomes']): [number, number] | undefined {
  if (!isMeasured(tokenflare) || !isMeasured(llguidance) || llguidance.maskUs.length === 0) return undefined;
  return [worst(tokenflare) / worst(llguidance), meanOfToken(tokenflare) / meanOfToken(llguidance)];
}

const isMeasured = (outcome: GrammarOutcome | undefined): outcome is MeasuredRun =>
  outcome !== undefined && 'maskUs' in outcome;

const worst = ({ maskUs }: MeasuredRun): number => maskUs.reduce((greatest, us) => Math.max(greatest, us), 0);

/** Mask and step together. */
function meanOfToken({ maskUs, stepUs }: MeasuredRun): number {
  const sum = [...maskUs, ...stepUs].reduce((total, us) => total + us, 0);
  return sum / Math.max(maskUs.length, 1);
}

/** For the one who waits for the tables. */
export function describeRow({ name, outcomes }: GrammarRow): string {
  const parts = GRAMMAR_ENGINES.flatMap((engine) => {
    const outcome = outcomes[engine];
    if (outcome === undefined) return [];
    if ('refusal' in outcome) return `${engine} refuses it`;
    if ('died' in outcome) return `${engine} out of ${outcome.died}`;
    return `${engine} ${rounded(worst(outcome))} us`;
  });
  return `${name}, worst mask: ${parts.join(', ')}`;
}

function failures({ name, outcomes }: GrammarRow): string[] {
  return GRAMMAR_ENGINES.flatMap((engine) => {
    const outcome = outcomes[engine];
    if (outcome === undefined) return [];
    if ('refusal' in outcome) return [`- ${name}, ${engine}: ${outcome.refusal}`];
    if ('died' in outcome) return [`- ${name}, ${engine}: out of ${outcome.died}`];
    return (outcome.leftAt ?? []).slice(0, 1).map((place) => `- ${name}, ${engine}: ${place}`);
  });
}

const p50 = (values: readonly number[]): string => rounded(summarise(values)?.p50 ?? NaN);
const p99 = (values: readonly number[]): string => rounded(summarise(values)?.p99 ?? NaN);
const most = (values: readonly number[]): string =>
  rounded(values.reduce((greatest, value) => Math.max(greatest, value), 0));

const rounded = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

const tableOf = (head: readonly string[], cells: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`);
