/**
 * `npm test`: the suite without the slow tests whose sources are as they were when everything passed last. `--all` leaves
 * out none; a named file runs whatever it is. Other arguments are vitest's.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { changedSince, touches } from './changed-files.mjs';
import { SLOW_TESTS, WHOLE_MATRIX } from './slow-tests.mjs';

const args = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const namesFiles = args.some((arg) => /^[^-].*tests?\b/.test(arg));
const changed = args.includes('--all') || namesFiles ? { reason: 'asked for' } : changedSince();
const { files } = changed;

const left = SLOW_TESTS.filter(
  ({ tests, sources }) => !touches(files, [...sources, ...tests.map((test) => test.split(/[*{]/)[0])]),
).flatMap(({ tests }) => tests);
const wantsMatrix = touches(files, WHOLE_MATRIX);
console.log(
  files === undefined
    ? `tokenflare: all tests: ${changed.reason}`
    : `tokenflare: tests of what changed since ${changed.since.slice(0, 9)}, without ${left.length} slow ones (\`npm test -- --all\` has them)`,
);

const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...args.filter((arg) => arg !== '--all'),
    ...left.flatMap((test) => ['--exclude', test]),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: wantsMatrix ? process.env : { TEST_MATRIX: 'cpu,wasm,native', ...process.env },
  },
);
process.exitCode = status ?? 1;
