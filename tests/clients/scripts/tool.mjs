/** Runs a tool in which a Worker is developed, as a user would: in a process group of its own, offline, without a login. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, setup } from './check.mjs';
import { ASKS } from './worker-asks.mjs';

const LIMIT_MS = 60_000;
const INTERVAL_MS = 50;

/** A folder that this script is the only one to know. */
const home = mkdtempSync(join(tmpdir(), 'tokenflare-tool-'));
const environment = {
  PATH: process.env.PATH,
  HOME: home,
  XDG_CONFIG_HOME: home,
  WRANGLER_SEND_METRICS: 'false',
  // Neither of them asks Cloudflare then what it needs not know.
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, isSo) {
  const end = Date.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${LIMIT_MS} ms`);
    await sleep(INTERVAL_MS);
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });

function isGroupAlive(pid) {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A tool that serves the Worker at `port` until `stop`. */
export class Tool {
  #child;
  #port;
  said = '';

  constructor(args, { port, program = process.execPath, cwd = process.cwd(), env = {} }) {
    this.#port = port;
    this.#child = spawn(program, args, {
      cwd,
      env: { ...environment, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.said += text));
    }
    process.once('exit', () => this.kill());
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Resolves when its port is open. */
  async ready() {
    await until('the start', async () => {
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.said.slice(-1500)}`);
      return listens(this.#port);
    });
    return this;
  }

  ask = (method, args, { raw, asksNotes } = {}) =>
    fetch(this.url, { method: 'POST', body: JSON.stringify({ method, args, raw, asksNotes }) });

  /** Ends it as Ctrl-C does. Then no process of it may be left, and its port is free. */
  async stop() {
    if (this.#child.exitCode !== null) throw new Error(`it had ended before: ${this.said.slice(-1500)}`);
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGINT');
    const [code] = await exited;
    await until('the end of all processes', () => !isGroupAlive(this.#child.pid));
    assert.equal(await listens(this.#port), false);
    return code;
  }

  kill() {
    if (isGroupAlive(this.#child.pid)) process.kill(-this.#child.pid, 'SIGKILL');
  }
}

/** A check for each question of worker-asks.mjs, of a tool that is started for them and ended after them. */
export async function checkTool(title, tool) {
  await check(`${title}: starts`, () => tool.ready());
  for (const [name, asks] of Object.entries(ASKS))
    await check(`${title}: ${name}`, () => asks(tool.ask, setup));
}

/** What the Worker's index is made with. */
export const NOTES = { dimensions: 3, metric: 'cosine' };

/** The index of the Worker's configuration, which its tool has made of NOTES. */
export async function checkNotes(title, tool) {
  await check(`${title}: Vectorize`, async () => {
    const ask = async (method, ...args) => {
      const answer = await tool.ask(method, args, { asksNotes: true });
      assert.equal(answer.status, 200, await answer.clone().text());
      return answer.json();
    };
    const vectors = [
      { id: 'a', values: [1, 0, 0], metadata: { text: 'north' } },
      { id: 'b', values: [0, 1, 0] },
    ];
    await ask('upsert', vectors);
    const { matches } = await ask('query', [0.9, 0.1, 0], { topK: 1, returnMetadata: 'all' });
    assert.deepEqual(
      matches.map(({ id, metadata }) => [id, metadata]),
      [['a', { text: 'north' }]],
    );
    assert.deepEqual((await ask('describe')).dimensions, 3);
  });
}

/** Ends a tool, whatever was found before. */
export async function checkEnd(title, tool) {
  await check(`${title}: Ctrl-C leaves no process and no port`, () => tool.stop());
  tool.kill();
}
