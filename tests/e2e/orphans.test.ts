import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { canBindToParent } from '../../src/process/bind-to-parent.ts';
import { processTree } from '../../bench/harness/process-tree.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { childrenOf, freePort, isAlive, kill, urlOf, useServices } from '../support/process.ts';
import { TINY_MODEL, until } from '../support/service.ts';
import { postJson } from '../support/sse.ts';

/** A service that is killed leaves no process behind, whatever its children do at that moment. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROBE = new URL('../../src/runtime/probe-runtime.ts', import.meta.url).href;
const start = useServices();

describe.runIf(canBindToParent())('a service that is killed takes with it', () => {
  it('an engine and a template process that are stopped', async () => {
    const model = makeChatModel();
    onTestFinished(() => model.remove());
    const service = start({ MODEL: model.path });
    const url = await urlOf(service);
    const messages = [{ role: 'user', content: 'The river' }];
    expect((await postJson(`${url}/v1/chat/completions`, { messages, max_tokens: 2 })).status).toBe(200);
    const children = childrenOf(service.child.pid ?? NaN);
    expect(children.length).toBeGreaterThan(1);
    for (const pid of children) process.kill(pid, 'SIGSTOP');
    await kill(service);
    await until(() => !children.some(isAlive));
  });

  it('an engine that starts', async () => {
    const port = await freePort();
    const service = start({ MODEL: '', PORT: port });
    let children: number[] = [];
    await until(() => (children = childrenOf(service.child.pid ?? NaN, 'engine-worker')).length > 0);
    await kill(service);
    await until(() => !children.some(isAlive));
  });

  it('a probe of a runtime', async () => {
    const probe = `import(${JSON.stringify(PROBE)}).then((module) => module.probeRuntime('wasm'))`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '-e', probe], { stdio: 'ignore' });
    let children: number[] = [];
    await until(() => (children = childrenOf(parent.pid ?? NaN, 'probe-process')).length > 0);
    for (const pid of children) process.kill(pid, 'SIGSTOP');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until(() => !children.some(isAlive));
  });

  it('all of them when it was stopped itself', async () => {
    const service = start();
    await urlOf(service);
    const children = childrenOf(service.child.pid ?? NaN);
    service.child.kill('SIGSTOP');
    for (const pid of children) process.kill(pid, 'SIGSTOP');
    await kill(service);
    await until(() => !children.some(isAlive));
  });
});

describe('a service that npm started ends when', () => {
  /** Also those of npm's that are left when the test fails. */
  async function startByNpm(): Promise<{ npm: ChildProcess; descendants: number[] }> {
    const env = { ...process.env, PORT: '0', MODEL: TINY_MODEL, RUNTIME: 'wasm' };
    const npm = spawn('npm', ['start'], { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    npm.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await until(() => / on (http:\S+) /.test(stderr));
    const [, ...descendants] = await processTree(npm.pid ?? NaN);
    onTestFinished(() => {
      for (const pid of descendants.filter(isAlive)) process.kill(pid, 'SIGKILL');
    });
    expect(descendants.length).toBeGreaterThan(1);
    return { npm, descendants };
  }

  it('npm is killed', async () => {
    const { npm, descendants } = await startByNpm();
    npm.kill('SIGKILL');
    await until(() => !descendants.some(isAlive));
  });

  it('what npm runs it by is killed', async () => {
    const { npm, descendants } = await startByNpm();
    process.kill(descendants[0] ?? NaN, 'SIGKILL');
    await once(npm, 'exit');
    await until(() => !descendants.some(isAlive));
  });
});

it('tells its engine neither tokens nor keys, and shows none among its processes', async () => {
  const secrets = {
    HF_TOKEN: 'hf_secret',
    REDIS_URL: 'redis://:secret@127.0.0.1:1',
    OPENAI_API_KEY: 'sk-secret',
  };
  const service = start(secrets);
  await urlOf(service);
  const [engine = NaN] = childrenOf(service.child.pid ?? NaN, 'engine-worker');
  expect(readFileSync(`/proc/${engine}/environ`, 'utf8')).not.toContain('secret');
  expect(readFileSync(`/proc/${engine}/environ`, 'utf8')).toContain('PATH=');
  for (const pid of [engine, service.child.pid ?? NaN])
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('secret');
});
