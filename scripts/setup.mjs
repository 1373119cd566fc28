/**
 * Brings a checkout into a state that runs: packages by npm, the kernels, the page, the compiled TypeScript. Does only what
 * is missing or stale, so that it costs milliseconds when nothing is. Plain JavaScript without dependencies, since it runs
 * before there are any. `--all` installs what tests and checks need, too.
 */
import { fileURLToPath } from 'node:url';
import { setUp } from './setup/set-up.mjs';

await setUp(fileURLToPath(new URL('..', import.meta.url)), { wantsAll: process.argv.includes('--all') });
