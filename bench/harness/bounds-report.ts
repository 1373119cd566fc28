import { BOUNDS, type BoundName, type BoundReading, type BoundVerdict } from './bounds.ts';
import { formatNumber, toMarkdown } from './comparison-table.ts';
import { describeTimes, type MeasuredRun } from './measured-run.ts';

export interface BoundsReport extends MeasuredRun {
  model: string;
  /** As the service describes it. */
  runtime: string;
  device: string;
  readings: readonly BoundReading[];
  verdicts: readonly BoundVerdict[];
}

/** Markdown: the bounds, and where and how they were measured. */
export function formatBounds(report: BoundsReport): string {
  const head = ['', 'median (lowest to highest)', 'bound', '', 'measured'];
  const lines = report.readings.map((reading) => formatLine(reading, report.verdicts));
  const numMet = report.verdicts.filter(({ isMet }) => isMet).length;
  const numMissed = report.verdicts.length - numMet;
  return [
    toMarkdown([head, head.map(() => '---'), ...lines]),
    describeRun(report),
    `Bounds met: ${numMet}; missed: ${numMissed}; not measured: ${report.readings.length - report.verdicts.length}.`,
  ].join('\n\n');
}

function formatLine(reading: BoundReading, verdicts: readonly BoundVerdict[]): string[] {
  const { title, limit, allows, unit } = BOUNDS[reading.name];
  const verdict = verdicts.find(({ name }) => name === reading.name);
  return [
    title,
    verdict === undefined ? '–' : formatValue(verdict),
    `${allows} ${limit}${unit}`,
    verdict === undefined ? 'not measured' : verdict.isMet ? 'met' : '**missed**',
    'notMeasured' in reading ? reading.notMeasured : reading.details,
  ];
}

/** `1.23 (1.10–1.31)`, or `0.31 %` of a single round. */
function formatValue({ name, value: { median, min, max } }: BoundVerdict): string {
  const middle = withUnit(name, formatNumber(median));
  return min === max ? middle : `${middle} (${formatNumber(min)}–${formatNumber(max)})`;
}

function withUnit(name: BoundName, text: string): string {
  return text + BOUNDS[name].unit;
}

function describeRun(report: BoundsReport): string {
  const { model, runtime, device } = report;
  const { cpu, numCores, memoryBytes, platform, nodeVersion } = report.machine;
  const on = device === cpu ? '' : ` on ${device}`;
  return (
    `${model}; ${runtime}${on}. ${cpu}, ${numCores} cores, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB, ${platform}, ` +
    `Node ${nodeVersion}, ${describeTimes(report)}. A service of its own through HTTP and SSE, its client on the same cores, drafts off.`
  );
}
