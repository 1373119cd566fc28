/**
 * The command `tokenflare` of a checkout, which is set up first where something is missing or stale. In one process: a
 * second one, and npm's way to it, would take a tenth of a second of each start.
 */
import { fileURLToPath } from 'node:url';
import { setUp } from './setup/set-up.mjs';

await setUp(fileURLToPath(new URL('..', import.meta.url)), { wantsAll: false });
await import('../dist/src/cli/main.js');
