// The end of `.ci/run`: what failed, and what failed and then held, by name and message; then `N passed, N failed`.
// Arguments: the exit code of all runs together; the results of vitest, of the chaos cases and of the clients, as JSON.
// A file that is missing is one failure, and so is an exit code that no result explains.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** So that the names of many failures stay in view. */
const MAX_MESSAGE_LINES = 12;

/** Counts of one run and a text for each of its failures. */
function readRun(path, read) {
  if (!existsSync(path)) return { numPassed: 0, numFailed: 1, failures: [`${path} is missing`] };
  return read(JSON.parse(readFileSync(path, 'utf8')));
}

function readTests({ numPassedTests, testResults }) {
  const told = (status) =>
    testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter((test) => test.status === status && test.failureMessages.length > 0)
        .map((test) => `${fileOf(name)} > ${test.fullName}\n${test.failureMessages[0]}`),
    );
  // A file that fails before its first test.
  const unread = testResults
    .filter(
      ({ status, assertionResults }) =>
        status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
    )
    .map(({ name, message }) => `${fileOf(name)}\n${message}`);
  const failures = [...told('failed'), ...unread];
  return { numPassed: numPassedTests, numFailed: failures.length, failures, retried: told('passed') };
}

const fileOf = (path) => relative(process.cwd(), path);

const readCases = ({ numPassed, numFailed, results }) => ({
  numPassed,
  numFailed,
  failures: results
    .filter(({ failures }) => failures.length > 0)
    .map(({ name, failures }) => [`chaos: ${name}`, ...failures].join('\n')),
  retried: results
    .filter(({ failures, notes }) => failures.length === 0 && notes.some((note) => note.startsWith('try ')))
    .map(({ name, notes }) => `chaos: ${name}, ${notes.at(-1)}`),
});

const readClients = ({ numPassed, numFailed, results }) => ({
  numPassed,
  numFailed,
  failures: results.flatMap(({ client, runtime, checks = [] }) =>
    checks
      .filter(({ ok }) => !ok)
      .map(({ check, ...rest }) => `client: ${client}, ${runtime}: ${check}\n${JSON.stringify(rest)}`),
  ),
});

const isOurs = (line) => !line.includes('/node_modules/');

const [exitCode, tests, cases, clients] = process.argv.slice(2);
const runs = [readRun(tests, readTests), readRun(cases, readCases), readRun(clients, readClients)];
if (exitCode !== '0' && runs.every(({ numFailed }) => numFailed === 0)) {
  const failures = [
    `exit code ${exitCode}: an error outside of all tests, or in those of the native kernels`,
  ];
  runs.push({ numPassed: 0, numFailed: 1, failures });
}
const tell = (verdict, text) => {
  const lines = text.split('\n').filter(isOurs).slice(0, MAX_MESSAGE_LINES);
  console.log(`${verdict} ${lines.join('\n  ')}`);
};
for (const text of runs.flatMap(({ retried = [] }) => retried)) tell('RETRIED', text);
for (const text of runs.flatMap(({ failures }) => failures)) tell('FAILED', text);
const sum = (key) => runs.reduce((total, run) => total + run[key], 0);
console.log(`${sum('numPassed')} passed, ${sum('numFailed')} failed`);
