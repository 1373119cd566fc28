import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setup } from './check.mjs';
import { checkEnd, checkTool, freePort, Tool } from './tool.mjs';

// What docs/workers.md shows, with addresses of this run.
const page = readFileSync('node_modules/tokenflare/docs/workers.md', 'utf8');
const [, config] = /```capnp\n(.*?)```/s.exec(page);
const port = await freePort();
writeFileSync(
  'worker.capnp',
  config.replace('http://127.0.0.1:8787', setup.url).replace('127.0.0.1:8080', `127.0.0.1:${port}`),
);

// The program itself: the script of the package waits for it without hearing a signal.
const program = join('node_modules/@cloudflare', `workerd-${process.platform}-64`, 'bin/workerd');
const workerd = new Tool(['serve', 'worker.capnp', '--experimental'], { port, program });
await checkTool('workerd', workerd);
await checkEnd('workerd', workerd);
