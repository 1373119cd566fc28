import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, setup } from './check.mjs';
import { checkEnd, checkNotes, checkTool, freePort, NOTES, Tool } from './tool.mjs';
import { ALIASES } from './worker-asks.mjs';

const VITE = 'node_modules/vite/bin/vite.js';
const indexes = { 'notes-of-a-worker': NOTES };
const options = JSON.stringify({ url: setup.url, models: ALIASES(setup), indexes });
writeFileSync(
  'vite.config.mjs',
  `import { cloudflare } from '@cloudflare/vite-plugin';
import { localAI } from 'tokenflare/vite';
export default { plugins: [localAI(cloudflare, ${options})] };
`,
);

const port = await freePort();
const args = [VITE, '--host', '127.0.0.1', '--port', String(port), '--strictPort'];
const vite = new Tool(args, { port });
await checkTool('vite', vite);
await checkNotes('vite', vite);
await checkEnd('vite', vite);

await check('vite build: what is deployed has the AI of Cloudflare', () => {
  rmSync('dist', { recursive: true, force: true });
  const { status, stderr } = spawnSync(process.execPath, [VITE, 'build'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const built = readdirSync('dist', { recursive: true }).find((path) => path.endsWith('wrangler.json'));
  const { ai, vectorize, unsafe } = JSON.parse(readFileSync(join('dist', built), 'utf8'));
  assert.deepEqual([ai, unsafe?.bindings ?? []], [{ binding: 'AI' }, []]);
  assert.deepEqual(vectorize, [{ binding: 'NOTES', index_name: 'notes-of-a-worker' }]);
});
