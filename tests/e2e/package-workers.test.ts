import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CACHE, installNode, installNpmPackages, ROOT } from '../../scripts/install-packages.ts';
import { installInto, packPackage } from '../support/installed-package.ts';
import { runProgram } from '../support/run-command.ts';
import { until } from '../support/service.ts';

const WRANGLER = 'wrangler@4.164.0';
const TYPESCRIPT = 'typescript@6.0.3';
const WORKERS_TYPES = '@cloudflare/workers-types@5.20261117.1';
const PNPM = { pnpm: '10.24.0' };

/** The examples of Workers, by the package as it is published. Like the test of the package it needs npm's server. */
describe.runIf(process.env['TEST_PACKAGE'] === 'required')('the package in a Worker', () => {
  let folder: string;
  let tarball: string;
  let node: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tokenflare-workers-'));
    ({ tarball } = await packPackage(folder));
    node = await installNode(24);
  }, 900_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const example = (name: string): string => {
    cpSync(join(ROOT, 'examples', name), join(folder, name), { recursive: true });
    return join(folder, name);
  };

  it('runs examples/worker by npm, and Ctrl-C leaves nothing of it', async () => {
    const [cwd, environment] = await installInto(example('worker'), node, [tarball, WRANGLER, TYPESCRIPT]);
    const command = ['node_modules/.bin/tokenflare', 'wrangler', 'dev', '--ip', '127.0.0.1', '--port', '0'];
    const child = spawn(join(cwd, command[0] ?? ''), command.slice(1), {
      cwd,
      env: { ...process.env, ...environment, WRANGLER_SEND_METRICS: 'false' },
      detached: true,
    });
    const exited = once(child, 'exit');
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    const url = () => /Ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
    try {
      await until(() => url() !== undefined || child.exitCode !== null);
      const answer = await fetch(`${url() ?? said}/?begin=A%20fox`);
      expect(answer.headers.get('content-type')).toBe('text/event-stream');
      expect(await answer.text()).toContain('data: [DONE]');
    } finally {
      child.kill('SIGINT');
    }
    expect((await exited)[0], said).toBe(130);
    await until(() => !isGroupAlive(child.pid ?? 0));

    const types = await runProgram(
      [node, 'node_modules/wrangler/bin/wrangler.js', 'types'],
      environment,
      '',
      cwd,
    );
    expect(types.status, types.stdout + types.stderr).toBe(0);
    const checks = `export const asked: Promise<unknown> = ({} as Env).AI.run('@cf/meta/llama-3.1-8b-instruct-fp8', { prompt: 'a' });
// @ts-expect-error env.AI is Ai, and Ai has no such thing
void ({} as Env).AI.nothing;
`;
    writeFileSync(join(cwd, 'src/checks.ts'), checks);
    await expectTypes(cwd, ['src/index.ts', 'src/checks.ts', 'worker-configuration.d.ts'], []);
  }, 400_000);

  it("gives createAI Cloudflare's types where they are, and any where they are not", async () => {
    const [cwd, environment] = await installInto(join(folder, 'types'), node, [
      tarball,
      TYPESCRIPT,
      '@types/node@20.19.43',
    ]);
    const call = `import { createAI } from 'tokenflare/workers';
const ai = createAI({ url: 'http://127.0.0.1:8787' });
export const id: string | null = ai.lastRequestId ?? ai.aiGatewayLogId;
`;
    writeFileSync(join(cwd, 'call.ts'), call);
    await expectTypes(cwd, ['call.ts'], ['node']);
    const wrong = '// @ts-expect-error Ai has no such thing\nexport const wrong: unknown = ai.nothing;\n';
    writeFileSync(join(cwd, 'call.ts'), call.replace('ai.lastRequestId ?? ', '') + wrong);
    const added = await runProgram(['npm', 'install', WORKERS_TYPES], environment, '', cwd);
    expect(added.status, added.stderr).toBe(0);
    await expectTypes(cwd, ['call.ts'], ['node']);
  }, 400_000);

  it('runs the tests of examples/worker-vitest by pnpm', async () => {
    const cwd = example('worker-vitest');
    await installNpmPackages(join(CACHE, 'pnpm'), PNPM);
    const pnpm = [node, join(CACHE, 'pnpm/node_modules/pnpm/bin/pnpm.cjs')];
    const environment = {
      XDG_DATA_HOME: undefined,
      PATH: `${join(node, '..')}:${process.env['PATH'] ?? ''}`,
    };
    const manifest = join(cwd, 'package.json');
    const own = `"tokenflare": "file:${tarball}"`;
    writeFileSync(
      manifest,
      readFileSync(manifest, 'utf8').replace('"tokenflare": "file:../../dist/package"', own),
    );
    const store = ['--store-dir', join(folder, 'store')];
    const added = await runProgram([...pnpm, 'install', ...store], environment, '', cwd);
    expect(added.status, added.stdout + added.stderr).toBe(0);
    const tested = await runProgram([...pnpm, 'test'], environment, '', cwd);
    expect(tested.status, tested.stdout + tested.stderr).toBe(0);
    expect(tested.stdout).toMatch(/2 passed/);
  }, 400_000);

  /** Compiles files by the types that were installed. */
  async function expectTypes(cwd: string, files: readonly string[], types: readonly string[]): Promise<void> {
    const compilerOptions = {
      ...{ target: 'ES2023', lib: ['ES2023'], module: 'NodeNext', strict: true, noEmit: true },
      ...{ skipLibCheck: true, types },
    };
    writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const checked = await runProgram([node, 'node_modules/typescript/bin/tsc', '-p', '.'], {}, '', cwd);
    expect(checked.stdout).toBe('');
  }
});

function isGroupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}
