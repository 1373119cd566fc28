import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changedSince, secondsLeft, selectRows } from '../scripts/changed-files.mjs';
import { SLOW_CASES } from '../scripts/slow-cases.mjs';
import type { CaseResult } from './case-result.ts';
import { CASES } from './cases/index.ts';
import type { ChaosCase } from './chaos-case.ts';
import type { FuzzKind } from './fuzz/fuzz-script.ts';
import { FUZZ_KINDS } from './fuzz/kinds.ts';
import { installSchemathesis } from './fuzz/schemathesis.ts';
import { formatReport, writeReport } from './report.ts';
import { replay } from './replay.ts';
import { runCase, type CalmService } from './run-case.ts';
import { soak } from './soak.ts';
import { Fixtures } from './support/fixtures.ts';
import { Observer } from './support/observer.ts';

const USAGE = `npm run test:chaos -- [options]
  --list            the cases, without running them
  --only NAME       a case, or all whose name begins so; may be repeated
  --except NAME     leaves a case out; may be repeated
  --changed         leaves out slow cases whose sources are as they were when everything passed last, and those for
                    which CHAOS_SECONDS, if set, leave no time
  --minutes N       how long it may take, by default 4: attacks grow with it
  --seed N          of what the fuzzers make; each of them says which it has
  --replay FILE     sends what a fuzzer kept to a service of its own, and says what each request is answered
  --soak N          minutes of the fuzzers (--only, --except) in turn against one service, whose memory is looked at
  --prepare         installs what the cases need, and runs none
  --limit N         minutes after which no further case is begun: those that are left count as failed
  --tries N         how often a case that fails is run, by default once; one that holds in a later try says so
  --write           puts the table into docs/reliability.md
  --json FILE       writes what was found as JSON
`;

const DOCUMENT = fileURLToPath(new URL('../docs/reliability.md', import.meta.url));
const SHORT_MINUTES = 4;
const DEFAULT_SEED = 20_261_125;

interface Options {
  cases: readonly ChaosCase[];
  minutes: number;
  limitMinutes: number;
  tries: number;
  seed: number;
  write: boolean;
  json: string | undefined;
}

type Action =
  | { type: 'cases'; options: Options }
  | { type: 'replay'; file: string }
  | { type: 'soak'; minutes: number; seed: number; kinds: readonly FuzzKind[] }
  | { type: 'prepare'; cases: readonly ChaosCase[] };

function readOptions(): Action | undefined {
  const { values } = parseArgs({
    options: {
      list: { type: 'boolean', default: false },
      changed: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      except: { type: 'string', multiple: true, default: [] },
      minutes: { type: 'string', default: String(SHORT_MINUTES) },
      limit: { type: 'string', default: 'Infinity' },
      tries: { type: 'string', default: '1' },
      write: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(DEFAULT_SEED) },
      replay: { type: 'string' },
      soak: { type: 'string' },
      prepare: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return undefined;
  }
  const left = values.changed ? casesToLeave() : [];
  const isChosen = (name: string): boolean =>
    !values.except.includes(name) &&
    !left.some((prefix) => name.startsWith(prefix)) &&
    (values.only.length === 0 || values.only.some((only) => name.startsWith(only)));
  const seed = positive('seed', values.seed);
  if (values.replay !== undefined) return { type: 'replay', file: values.replay };
  if (values.soak !== undefined) {
    const kinds = FUZZ_KINDS.filter(({ name }) => isChosen(`fuzz-${name}`));
    return { type: 'soak', minutes: positive('soak', values.soak), seed, kinds };
  }
  const cases = CASES.filter(({ name }) => isChosen(name));
  if (values.prepare) return { type: 'prepare', cases };
  if (values.list) {
    for (const { name, attack } of cases) process.stdout.write(`${name}: ${attack}\n`);
    return undefined;
  }
  const minutes = positive('minutes', values.minutes);
  const limitMinutes = positive('limit', values.limit);
  const tries = positive('tries', values.tries);
  if (cases.length === 0)
    throw new Error(`no case is called '${values.only.join("', '")}'; --list names them`);
  const { write, json } = values;
  return { type: 'cases', options: { cases, minutes, limitMinutes, tries, seed, write, json } };
}

/** The beginnings of the names of slow cases that nothing new is attacked by, or for which there is no time. */
function casesToLeave(): string[] {
  const { unchanged, late } = selectRows(SLOW_CASES, changedSince(), secondsLeft('CHAOS_SECONDS'));
  const namesOf = (rows: typeof late): string[] => rows.flatMap(({ cases }) => cases);
  if (late.length > 0)
    process.stdout.write(`chaos: left for the night, for time: ${namesOf(late).join(', ')}\n`);
  return namesOf([...unchanged, ...late]);
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`--${option} is '${text}'; it must be a number above 0`);
}

async function runAll({ cases, minutes, limitMinutes, tries, seed }: Options): Promise<CaseResult[]> {
  const startedAt = performance.now();
  const scale = minutes / SHORT_MINUTES;
  const fixtures = new Fixtures();
  const observer = await Observer.create();
  const results: CaseResult[] = [];
  let shared: CalmService | undefined;
  try {
    for (const chaosCase of cases.toSorted(byService)) {
      if (performance.now() - startedAt > limitMinutes * 60_000) {
        results.push(notRun(chaosCase));
        continue;
      }
      let ran = await runCase(chaosCase, { fixtures, observer, scale, seed }, shared);
      process.stdout.write(progressLine(ran.result));
      for (let numTries = 1; ran.result.failures.length > 0 && numTries < tries; numTries++) {
        ran = await runCase(chaosCase, { fixtures, observer, scale, seed }, ran.shared);
        ran.result.notes.push(`try ${numTries + 1}`);
        process.stdout.write(progressLine(ran.result));
      }
      shared = ran.shared;
      results.push(ran.result);
    }
  } finally {
    await shared?.service.stop();
    observer.close();
    await fixtures.remove();
  }
  return results;
}

/** Those that share a service stand together. */
function byService(a: ChaosCase, b: ChaosCase): number {
  const isAlone = ({ launch, isFirst = false, ownServices = false }: ChaosCase): boolean =>
    launch !== undefined || isFirst || ownServices;
  return Number(isAlone(a)) - Number(isAlone(b));
}

const notRun = ({ name, attack }: ChaosCase): CaseResult => ({
  name,
  attack,
  failures: ['it was not run: the time was up'],
  notes: [],
  seconds: 0,
  skipped: undefined,
});

function progressLine({ name, failures, seconds, skipped, watched, notes }: CaseResult): string {
  const verdict = skipped === undefined ? (failures.length === 0 ? 'held' : 'FAILED') : 'skipped';
  const figures =
    watched === undefined
      ? []
      : [
          `canary ${watched.numWholeCanaries}/${watched.numCanaries}`,
          `health ${Math.round(watched.healthWorstMs)} ms (own ${Math.round(watched.healthWorstOwnMs)})`,
          `peak ${Math.round(watched.peakResidentBytes / 2 ** 20)} MiB`,
        ];
  const line = [`${verdict.padEnd(7)} ${name}`, `${seconds.toFixed(1)} s`, ...figures, ...notes].join(', ');
  return [line, ...(skipped === undefined ? [] : [skipped]), ...failures].join('\n        ') + '\n';
}

async function runCases(options: Options): Promise<number> {
  const startedAt = performance.now();
  const results = await runAll(options);
  const numFailed = results.filter(({ failures }) => failures.length > 0).length;
  const numSkipped = results.filter(({ skipped }) => skipped !== undefined).length;
  const numPassed = results.length - numFailed - numSkipped;
  if (options.write) writeReport(DOCUMENT, formatReport(results, options.minutes));
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, JSON.stringify({ numPassed, numFailed, numSkipped, results }, null, 1));
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  process.stdout.write(`${numPassed} held, ${numFailed} failed, ${numSkipped} skipped, ${seconds} s\n`);
  return numFailed;
}

async function act(action: Action): Promise<number> {
  switch (action.type) {
    case 'cases':
      return runCases(action.options);
    case 'replay':
      return replay(action.file);
    case 'soak':
      return soak(action);
    case 'prepare':
      if (action.cases.some(({ name }) => name === 'fuzz-schemathesis')) await installSchemathesis();
      return 0;
  }
}

const action = readOptions();
// What a failed case has left open must not keep the run from ending.
if (action !== undefined) process.exit((await act(action)) === 0 ? 0 : 1);
