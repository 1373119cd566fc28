import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setup } from './check.mjs';
import { checkEnd, checkTool, freePort, Tool } from './tool.mjs';
import { ALIASES } from './worker-asks.mjs';

const { plugin, url } = setup;

// A project of Pages: the Worker is its function of every path, its configuration has no environments of one's own.
mkdirSync('site/functions', { recursive: true });
mkdirSync('site/public', { recursive: true });
cpSync('src/index.mjs', 'site/worker.mjs');
writeFileSync('site/package.json', '{}');
writeFileSync(
  'site/functions/[[path]].js',
  "import worker from '../worker.mjs';\nexport const onRequest = ({ request, env }) => worker.fetch(request, env);\n",
);
const { ai, compatibility_date } = JSON.parse(
  readFileSync('wrangler.jsonc', 'utf8').replace(/,(\s*})/g, '$1'),
);
const dev = { plugin: { package: plugin, name: 'tokenflare-ai' }, options: { url, models: ALIASES(setup) } };
const config = {
  name: 'site-under-test',
  pages_build_output_dir: './public',
  compatibility_date,
  services: [{ binding: 'AI', service: 'tokenflare', dev }],
  env: { production: { ai }, preview: { ai } },
};
writeFileSync('site/wrangler.jsonc', JSON.stringify(config));

const port = await freePort();
const args = ['../node_modules/wrangler/bin/wrangler.js', 'pages', 'dev', '--port', String(port)];
const pages = new Tool([...args, '--ip', '127.0.0.1', '--inspector-port', '0'], { port, cwd: 'site' });
await checkTool('wrangler pages dev', pages);
await checkEnd('wrangler pages dev', pages);
