/** `npm run check`: types, lint, format, imports, dead code, documents; two at a time, and what each that fails says. */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

/** The longest first. */
const CHECKS = [
  'eslint .',
  'tsc -p tsconfig.check.json',
  'prettier --check --log-level warn .',
  'knip',
  'depcruise src routes bench studio --config .dependency-cruiser.cjs',
  'redocly lint',
  'tsc -p src/page',
  'dclint -c docker/dclint.json --max-warnings 0 compose.yaml',
  'node dist/scripts/openapi.js --check',
];
const AT_ONCE = 2;

/** In a shell, which finds the program in node_modules/.bin, as npm has set the path. */
function run(command) {
  const startedAt = performance.now();
  const child = spawn(command, { cwd: fileURLToPath(new URL('..', import.meta.url)), shell: true });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${command} (${seconds} s)`);
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
