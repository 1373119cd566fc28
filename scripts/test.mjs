/**
 * `npm test`: the suite without the slow tests whose sources are as they were when everything passed last. `--all` leaves
 * out none, `--quick` is the unit tests for what is not committed, and files that are named run whatever they are; other
 * arguments are vitest's. TEST_SECONDS is what slow tests may take together; those that have no room are named and left for
 * the night. `--tools` runs nothing: it names the packages of Debian that those tests want.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { changedSince, secondsLeft, selectRows, touches } from './changed-files.mjs';
import { SLOW_TESTS, WHOLE_MATRIX } from './slow-tests.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What they are for vitest. */
const OWN_FLAGS = { '--all': [], '--quick': ['--project', 'unit', '--project', 'alone'] };

/** @returns what changed, and the slow tests that are run for it, are not needed, and have no room */
function selectTests(args) {
  const namesFiles = args.some((arg) => !arg.startsWith('-') && arg.includes('test'));
  const isAskedFor = args.includes('--all') || namesFiles;
  const changed = isAskedFor
    ? { reason: 'asked for' }
    : changedSince(args.includes('--quick') ? 'HEAD' : undefined);
  const rows = SLOW_TESTS.map((row) => ({
    ...row,
    sources: [...row.sources, ...row.tests.map((test) => test.split(/[*{]/)[0])],
  }));
  return {
    changed,
    ...selectRows(rows, changed, isAskedFor ? undefined : secondsLeft('TEST_SECONDS')),
  };
}

function runTests(args) {
  const { changed, unchanged, late } = selectTests(args);
  console.log(
    changed.files === undefined
      ? `tokenflare: all tests: ${changed.reason}`
      : `tokenflare: tests for what changed since ${changed.since.slice(0, 9)}; without ${globsOf(unchanged).join(', ')}`,
  );
  if (late.length > 0) console.log(`tokenflare: left for the night, for time: ${globsOf(late).join(', ')}`);
  const given = args.flatMap((arg) => OWN_FLAGS[arg] ?? [arg]);
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...given], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...(touches(changed.files, WHOLE_MATRIX) ? {} : { TEST_MATRIX: 'cpu,wasm,native' }),
      ...process.env,
      // Not vitest's --exclude, which a project that excludes files of its own does not hear of.
      TESTS_LEFT_OUT: globsOf([...unchanged, ...late]).join(' '),
    },
  });
  return status ?? 1;
}

const globsOf = (rows) => rows.flatMap(({ tests }) => tests);

const args = process.argv.slice(2);
if (args.includes('--tools')) {
  const tools = selectTests([]).run.flatMap(({ tools = [] }) => tools);
  console.log([...new Set(tools)].join(' '));
} else process.exitCode = runTests(args);
