import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setup } from './check.mjs';
import { checkWire } from './wire-checks.mjs';

/** The same requests through nginx with its own defaults, which buffer what a server sends. */

const START_LIMIT_MS = 10_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** All that nginx writes lies in `folder`. */
const configuration = (folder, port) => `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass ${setup.url}; }
  }
}
`;

async function untilReachable(url) {
  const end = Date.now() + START_LIMIT_MS;
  for (;;) {
    const response = await fetch(`${url}/health`).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > end) throw new Error('nginx did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const folder = mkdtempSync(join(tmpdir(), 'tokenflare-nginx-'));
mkdirSync(join(folder, 'logs'));
const port = await freePort();
writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port));
const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
try {
  const url = `http://127.0.0.1:${port}`;
  await untilReachable(url);
  await checkWire(url);
} finally {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
