/**
 * `npm test`: the suite without the slow tests whose sources are as they were when everything passed last. `--all` leaves
 * out none, `--quick` is the unit tests for what is not committed, and files that are named run whatever they are; other
 * arguments are vitest's. `--tools` runs nothing: it names the packages of Debian that those tests want.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { changedSince, touches } from './changed-files.mjs';
import { SLOW_TESTS, WHOLE_MATRIX } from './slow-tests.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What they are for vitest. */
const OWN_FLAGS = { '--all': [], '--quick': ['--project', 'unit', '--project', 'alone'] };

/** @returns what changed, and the slow tests that are run and left out for it */
function selectTests(args) {
  const namesFiles = args.some((arg) => !arg.startsWith('-') && arg.includes('test'));
  const changed =
    args.includes('--all') || namesFiles
      ? { reason: 'asked for' }
      : changedSince(args.includes('--quick') ? 'HEAD' : undefined);
  const isRun = ({ tests, sources }) =>
    touches(changed.files, [...sources, ...tests.map((test) => test.split(/[*{]/)[0])]);
  return {
    changed,
    run: SLOW_TESTS.filter(isRun),
    left: SLOW_TESTS.filter((one) => !isRun(one)).flatMap(({ tests }) => tests),
  };
}

function runTests(args) {
  const { changed, left } = selectTests(args);
  console.log(
    changed.files === undefined
      ? `tokenflare: all tests: ${changed.reason}`
      : `tokenflare: tests for what changed since ${changed.since.slice(0, 9)}; without ${left.join(', ')}`,
  );
  const given = args.flatMap((arg) => OWN_FLAGS[arg] ?? [arg]);
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...given], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...(touches(changed.files, WHOLE_MATRIX) ? {} : { TEST_MATRIX: 'cpu,wasm,native' }),
      ...process.env,
      // Not vitest's --exclude, which a project that excludes files of its own does not hear of.
      TESTS_LEFT_OUT: left.join(' '),
    },
  });
  return status ?? 1;
}

const args = process.argv.slice(2);
if (args.includes('--tools')) {
  const tools = selectTests([]).run.flatMap(({ tools = [] }) => tools);
  console.log([...new Set(tools)].join(' '));
} else process.exitCode = runTests(args);
