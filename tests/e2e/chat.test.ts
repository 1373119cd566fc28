import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { writeChainModel } from '../support/chain-model.ts';
import { CHAINS } from '../support/chains.ts';
import {
  build,
  childrenOf,
  freePort,
  isAlive,
  spawnService,
  urlOf,
  type ServiceProcess,
} from '../support/process.ts';
import { PseudoTerminal, skipsTerminal } from '../support/pseudo-terminal.ts';
import { runProgram, tokenflare } from '../support/run-command.ts';
import { until } from '../support/service.ts';

/** `tokenflare chat` and `complete`, with a model that says scripted texts. */

const PLAIN = 'The tower is 324 metres high.';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const EVIL = { name: 'evil', text: 'clear: \u001b[2J and so', word: 'evil' };

let folder: string;
let model: string;
let environment: Record<string, string>;
const terminals: PseudoTerminal[] = [];
const services: ServiceProcess[] = [];

beforeAll(async () => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'tokenflare-test-'));
  model = join(folder, 'scripted');
  await writeChainModel(model, { chains: [...CHAINS, EVIL] });
  // Nothing listens on the port where a service would be looked for.
  environment = { RUNTIME: 'wasm', THREADS: '1', MODELS_DIR: folder, PORT: await freePort() };
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) await terminal.kill();
  for (const { child, exited } of services.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function chat(...args: string[]): PseudoTerminal {
  const terminal = new PseudoTerminal(
    [process.execPath, 'dist/src/cli/main.js', 'chat', ...args],
    environment,
  );
  terminals.push(terminal);
  return terminal;
}

async function serve(settings: Record<string, string> = {}): Promise<string> {
  const service = spawnService({ ...environment, MODEL: model, PORT: '0', ...settings });
  services.push(service);
  return urlOf(service);
}

const READY = /^> $/m;

describe.skipIf(skipsTerminal)('a conversation in a terminal (needs python3)', () => {
  it('streams answers, stops one by Ctrl-C, goes on, and leaves by Ctrl-D', async () => {
    const terminal = chat(model);
    const start = await terminal.see(READY);
    expect(start).toMatch(/^loading the model …\nscripted on tfjs wasm, .*\/help lists what can be typed/);
    terminal.type('How high is it?\r');
    await terminal.see(new RegExp(`${PLAIN}\n> $`));
    // It comes as it is made: of this one there is no end.
    terminal.type('Please count\r');
    await terminal.see(/one potato, two potatoes, three more, one potato/);
    terminal.type(CTRL_C);
    await terminal.see(/\(stopped\)\n> $/);
    terminal.type('And now?\r');
    await terminal.see(new RegExp(`${PLAIN}\n> $`));
    terminal.type(CTRL_D);
    expect(await terminal.exited).toBe(0);
  });

  it('shows what the model thinks before its answer', async () => {
    const terminal = chat(model);
    await terminal.see(READY);
    terminal.type('think\r');
    expect(await terminal.see(/Four it is\.\n> $/)).toMatch(/Two and two\.\s+Four it is\.\n> $/);
  });

  it('has commands, texts of several lines, and editing', async () => {
    const terminal = chat(model, '--system', 'Be brief.');
    const after = async (typed: string, shown: RegExp): Promise<void> => {
      terminal.type(typed);
      await terminal.see(shown);
      await terminal.see(READY);
    };
    await terminal.see(READY);
    await after('/help\r', /\/reset +forgets the conversation/);
    await after('/retry\r', /there is no question to ask again/);
    await after('/system\r', /Be brief\.\n/);
    await after('/system Speak in verse.\r', /the system message is set/);
    await after('/system\r', /Speak in verse\.\n/);
    await after('/nope\r', /there is no \/nope; \/help says what there is/);
    // Backspaces take the slip out.
    await after('How hihg\u007f\u007f\u007fgh?\r', new RegExp(PLAIN));
    await after('/retry\r', new RegExp(PLAIN));
    // The first line alone would be another question.
    terminal.type('"""please count\r');
    await terminal.see(/^\. $/m);
    await after('think"""\r', /(three more|Four it is)/);
    await after('/reset\r', /the conversation is forgotten/);
    terminal.type('/bye\r');
    expect(await terminal.exited).toBe(0);
  });

  it('Ctrl-C throws a line away; on an empty one it leaves the second time', async () => {
    const terminal = chat(model);
    await terminal.see(READY);
    terminal.type(`never sent${CTRL_C}`);
    await terminal.see(/never sent\n> $/);
    terminal.type(CTRL_C);
    await terminal.see(/Ctrl-C again or Ctrl-D leaves\n> $/);
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(0);
    expect(terminal.text).not.toContain(PLAIN);
  });

  it('after Ctrl-C has stopped an answer, the next one leaves, and no process stays', async () => {
    const terminal = chat(model);
    await terminal.see(READY);
    const [program = NaN] = childrenOf(terminal.child.pid ?? NaN);
    const engines = childrenOf(program);
    expect(engines.length).toBeGreaterThan(0);
    terminal.type('count\r');
    await terminal.see(/two potatoes/);
    terminal.type(CTRL_C);
    await terminal.see(/\(stopped\)\n> $/);
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(0);
    await until(() => !engines.some(isAlive));
  });

  it('what a model says cannot clear the screen', async () => {
    const terminal = chat(model);
    await terminal.see(READY);
    terminal.type('evil\r');
    await terminal.see(/clear: \ufffd\[2J and so\n/);
    expect(terminal.raw).not.toContain('\u001b[2J');
  });

  it('says what the service refuses, and goes on', async () => {
    const terminal = chat(model, '--max-tokens', '0');
    await terminal.see(READY);
    terminal.type('How high?\r');
    await terminal.see(/tokenflare: .*max_tokens.*\n> $/);
    terminal.type(CTRL_D);
    expect(await terminal.exited).toBe(0);
  });
});

describe('without a terminal', () => {
  it('all of standard input is one question, and the answer alone is on standard output', async () => {
    const { status, stdout, stderr } = await tokenflare(['chat', model], environment, 'How high\nis it?\n');
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${PLAIN}\n`, stderr: '' });
  });

  it('leaves out what the model thinks', async () => {
    const { stdout } = await tokenflare(['chat', model], environment, 'think');
    expect(stdout).toBe('Four it is.\n');
  });

  it('completes a text, of an argument or of standard input', async () => {
    const args = ['complete', '--model', model, '--temperature', '0', '--max-tokens', '20'];
    const first = await tokenflare([...args, 'Say', 'it:'], environment);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toContain(PLAIN.slice(0, 12));
    expect(await tokenflare(args, environment, 'Say it:\n')).toEqual(first);
    const stopped = await tokenflare([...args, 'Say it:', '--stop', '324', 'no'], environment);
    expect(stopped.stdout).toBe(`${first.stdout.slice(0, first.stdout.indexOf('324'))}\n`);
  });

  it('ends when nothing reads its answer any more', async () => {
    const command = `"${process.execPath}" dist/src/cli/main.js chat "${model}" | head -c 20`;
    const finished = await runProgram(['bash', '-c', command], environment, 'Please count');
    expect(finished).toEqual({ status: 0, stdout: 'one potato, two pota', stderr: '' });
  });

  it('says which model there is not', async () => {
    const { status, stdout, stderr } = await tokenflare(['chat', 'owner/none'], environment, 'Hello');
    expect(stderr).toMatch(/^MODEL is 'owner\/none': .*'npx tokenflare pull owner\/none' fetches one/);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });
});

describe('with a service that runs', () => {
  const ask = (args: string[], more: Record<string, string> = {}) =>
    tokenflare(['chat', ...args], { ...environment, ...more }, 'How high is it?');

  it('asks the one at --url, by its default model or by one that it serves', async () => {
    const url = await serve();
    // No model can be loaded in that process.
    const nowhere = { MODELS_DIR: join(folder, 'none') };
    for (const args of [[], ['scripted']])
      expect(await ask([...args, '--url', `${url}/`], nowhere)).toMatchObject({
        status: 0,
        stdout: `${PLAIN}\n`,
      });
    const other = await ask(['other', '--url', url]);
    expect(other).toMatchObject({ status: 1, stdout: '' });
    expect(other.stderr).toBe(`${url} does not serve 'other'; it serves scripted\n`);
  });

  it('finds the one on this machine that serves the model, and else loads it', async () => {
    const url = await serve();
    const { port } = new URL(url);
    const before = await completionsOf(url);
    expect((await ask(['scripted'], { PORT: port })).stdout).toBe(`${PLAIN}\n`);
    expect(await completionsOf(url)).toBe(before + 1);
    expect((await ask([model], { PORT: port })).stdout).toBe(`${PLAIN}\n`);
    expect(await completionsOf(url)).toBe(before + 1);
  });

  it('takes no other server on that port for one', async () => {
    const list = JSON.stringify({
      object: 'list',
      data: [{ id: 'scripted', object: 'model', owned_by: 'me' }],
    });
    const other = createServer((_, response) => response.end(list)).listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    expect((await ask(['scripted'], { PORT: String(port) })).stdout).toBe(`${PLAIN}\n`);
  });

  it('says what cannot be reached, and what no address is', async () => {
    const port = await freePort();
    const gone = await ask(['--url', `http://127.0.0.1:${port}`]);
    expect(gone.stderr).toMatch(new RegExp(`^http://127.0.0.1:${port} cannot be reached: .*ECONNREFUSED`));
    expect(gone.status).toBe(1);
    expect((await ask(['--url', 'localhost'])).stderr).toMatch(/^--url is 'localhost': must be an address/);
  });

  it('brings the key of TOKENFLARE_API_KEY, and says when there is none', async () => {
    const keysFile = join(folder, 'keys.json');
    const { stdout: key } = await tokenflare(['keys', 'create', 'me'], { KEYS_FILE: keysFile });
    const url = await serve({ KEYS_FILE: keysFile });
    const refused = await ask(['--url', url]);
    expect(refused.stderr).toMatch(/key/i);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    const { stdout } = await ask(['--url', url], { TOKENFLARE_API_KEY: key.trim() });
    expect(stdout).toBe(`${PLAIN}\n`);
  });
});

/** Chats that a service has answered. */
async function completionsOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = /^tokenflare_http_requests_total\{method="POST",route="\/v1\/chat\/completions".*\} (\d+)$/m;
  return Number(line.exec(text)?.[1] ?? 0);
}
