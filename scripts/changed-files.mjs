/**
 * Which files differ from those of the last commit that passed everything, whose id is in .ci/green: what need not be
 * tested again is decided by it. As a program it ends with 0 if a path begins as one of its arguments does:
 * `node scripts/changed-files.mjs src/runtime/kernels/ && npm run test:native`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What any test may depend on. */
const CONCERN_ALL = ['tsconfig.json', 'vitest.config.ts'];

/**
 * @param since a commit, by default that of .ci/green
 * @returns the commit and the paths that differ from it, added and removed ones included: `files`, but where one of them
 *     concerns all `some`; neither where that cannot be told
 */
export function changedSince(since = process.env.TEST_SINCE ?? greenCommit(), root = ROOT) {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const differing = git('diff', '--name-only', '--no-renames', since, '--');
  const added = git('ls-files', '--others', '--exclude-standard');
  if (differing.status !== 0 || added.status !== 0) return { since, reason: 'git does not know that commit' };
  const files = (differing.stdout + added.stdout).split('\n').filter((path) => path !== '');
  const all = files.find((path) => CONCERN_ALL.includes(path));
  return all === undefined ? { since, files } : { since, some: files, reason: `${all} has changed` };
}

function greenCommit() {
  try {
    return readFileSync(new URL('../.ci/green', import.meta.url), 'utf8').trim();
  } catch {
    return 'none';
  }
}

/** Whether one of the files, if they are known, is below one of the paths or is one of them. */
export const touches = (files, paths) => countChanged(files, paths) > 0;

/** In files, of a row that must run though none of its sources changed: less than one. */
const LEAST_WORTH = 1e-3;

/** How many of the files are below one of the paths or are one of them; 1 if the files are not known. */
const countChanged = (files, paths) =>
  files === undefined ? 1 : files.filter((file) => paths.some((path) => file.startsWith(path))).length;

/**
 * Of rows with `sources` and `seconds` those that are run: where their sources changed, as long as there is time for them,
 * those first of which the most files changed for each of their seconds.
 * @param changed as `changedSince` returns it
 * @param maxSeconds of all rows together
 * @returns the rows to run; `unchanged`, which need not be; and `late`, for which there is no time
 */
export function selectRows(rows, { files, some = files }, maxSeconds = Infinity) {
  const selected = { run: [], unchanged: [], late: [] };
  let seconds = 0;
  const worth = ({ sources, seconds }) => (countChanged(some, sources) + LEAST_WORTH) / seconds;
  for (const row of rows.toSorted((a, b) => worth(b) - worth(a))) {
    if (!touches(files, row.sources)) selected.unchanged.push(row);
    else if (seconds + row.seconds > maxSeconds) selected.late.push(row);
    else {
      seconds += row.seconds;
      selected.run.push(row);
    }
  }
  return selected;
}

/** Seconds that an environment variable leaves for slow rows; undefined: as many as they take. */
export function secondsLeft(variable) {
  const text = process.env[variable];
  if (text === undefined || text === '') return undefined;
  if (Number(text) >= 0) return Number(text);
  throw new RangeError(`${variable} is '${text}'; it must be a number of seconds`);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = touches(changedSince().files, process.argv.slice(2)) ? 0 : 1;
