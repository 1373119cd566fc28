/**
 * `npm run check`: types, lint, format, imports, dead code, documents; two at a time, and what each that fails says. With
 * `--changed` lint and format are of the files that changed since everything passed last.
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { changedSince, touches } from './changed-files.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Rules of lint and format; where one changed, every file is read. */
const RULES = ['eslint.config.js', '.prettierrc', '.prettierignore', '.editorconfig', 'tsconfig'];
/** More than these take longer by name than all in one go. */
const MAX_NAMED = 300;

/** What lint and format read: names of files, or all. */
function filesToRead() {
  const { files, some = files } = process.argv.includes('--changed') ? changedSince() : {};
  const there = some?.filter((file) => existsSync(`${ROOT}${file}`));
  if (there === undefined || there.length > MAX_NAMED || touches(some, RULES))
    return { lint: '.', format: '.' };
  const quoted = there.map((file) => `'${file}'`);
  return {
    lint: quoted.filter((file) => /\.[cm]?[jt]sx?'$/.test(file)).join(' '),
    format: quoted.join(' '),
  };
}
const { lint, format } = filesToRead();

/** The longest first. */
const CHECKS = [
  ...(lint === '' ? [] : [`eslint --no-warn-ignored ${lint}`]),
  'tsc -p tsconfig.check.json',
  ...(format === '' ? [] : [`prettier --check --log-level warn --ignore-unknown ${format}`]),
  'knip',
  'depcruise src routes bench studio --config .dependency-cruiser.cjs',
  'redocly lint',
  'tsc -p src/page',
  'dclint -c docker/dclint.json --max-warnings 0 compose.yaml',
  'node dist/scripts/openapi.js --check',
];
const AT_ONCE = 2;

const shortened = (command) => (command.length > 90 ? `${command.slice(0, 90)} …` : command);

/** In a shell, which finds the program in node_modules/.bin, as npm has set the path. */
function run(command) {
  const startedAt = performance.now();
  const child = spawn(command, { cwd: ROOT, shell: true });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${shortened(command)} (${seconds} s)`);
      if (status !== 0) process.stdout.write(Buffer.concat(said));
      resolve(status === 0);
    });
  });
}

const waiting = CHECKS.values();
async function takeTurns() {
  let isGood = true;
  for (const command of waiting) isGood = (await run(command)) && isGood;
  return isGood;
}
const isGood = await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
process.exitCode = isGood.every(Boolean) ? 0 : 1;
