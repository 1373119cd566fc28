import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { CaseResult } from './case-result.ts';

const BEGIN = '<!-- chaos:begin -->';
const END = '<!-- chaos:end -->';

const HEAD = [
  'case',
  'attack',
  'canary streams whole',
  'health p99 / worst / own, ms',
  'engine restarts',
  'back after, s',
  'peak memory, MiB',
  'held',
];

/** The table of all cases in Markdown, with what it was measured on. */
export function formatReport(results: readonly CaseResult[], minutes: number): string {
  const machine = `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, Node ${process.versions.node}`;
  const day = new Date().toISOString().slice(0, 10);
  const rows = results.map((result) => `| ${cells(result).join(' | ')} |`);
  const failures = results.flatMap(({ name, failures }) => failures.map((text) => `- \`${name}\`: ${text}`));
  return [
    `\`npm run test:chaos${minutes === 4 ? '' : ` -- --minutes ${minutes}`}\`, ${machine}, ${day}.`,
    '',
    `| ${HEAD.join(' | ')} |`,
    `|${' --- |'.repeat(HEAD.length)}`,
    ...rows,
    ...(failures.length === 0 ? [] : ['', 'What did not hold:', '', ...failures]),
  ].join('\n');
}

function cells({ name, attack, watched, notes, failures, skipped }: CaseResult): string[] {
  const what = [attack, ...notes].join('; ').replaceAll('|', '\\|');
  const held = skipped === undefined ? (failures.length === 0 ? 'yes' : '**no**') : `not run: ${skipped}`;
  if (watched === undefined) return [`\`${name}\``, what, '–', '–', '–', '–', '–', held];
  const { numCanaries, numWholeCanaries, healthP99Ms, healthWorstMs, healthWorstOwnMs } = watched;
  return [
    `\`${name}\``,
    what,
    `${numWholeCanaries} of ${numCanaries}`,
    `${round(healthP99Ms)} / ${round(healthWorstMs)} / ${round(healthWorstOwnMs)}`,
    String(watched.restarts),
    watched.settledSeconds?.toFixed(1) ?? 'never',
    round(watched.peakResidentBytes / 2 ** 20),
    held,
  ];
}

const round = (value: number | undefined): string => (value === undefined ? '–' : String(Math.round(value)));

/** Puts the report between its marks in a document. @throws Error when it has no marks */
export function writeReport(path: string, report: string): void {
  const document = readFileSync(path, 'utf8');
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`${path} has no ${BEGIN} … ${END}`);
  writeFileSync(path, `${document.slice(0, begin + BEGIN.length)}\n\n${report}\n\n${document.slice(end)}`);
}
