import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CACHE, installNode, installNpmPackages, NODE_MAJORS, ROOT } from '../../scripts/install-packages.ts';
import { VERSION } from '../../src/version.ts';
import { makeClone } from '../support/clone.ts';
import { runProgram } from '../support/run-command.ts';

/** The package as npm installs it. It needs npm's server, so it runs with TEST_PACKAGE=required alone. */
const MAX_PACKED_BYTES = 20e6;
const CHECKERS = { publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5' };
/** What the examples import beside the package. */
const COMPANIONS = ['openai@7.57.0', 'typescript@6.0.3', '@types/node@20.19.43'];

describe.runIf(process.env['TEST_PACKAGE'] === 'required')('the package', () => {
  let folder: string;
  let tarball: string;
  let packed: { size: number; files: { path: string }[] };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tokenflare-package-'));
    const clone = join(folder, 'clone');
    makeClone(clone);
    const pack = ['npm', 'pack', '--json', '--pack-destination', folder];
    const { status, stdout, stderr } = await runProgram(pack, {}, '', clone);
    expect(status, stderr).toBe(0);
    [packed] = JSON.parse(stdout) as [typeof packed];
    tarball = join(folder, `tokenflare-${VERSION}.tgz`);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has at most 20 MB, and nothing that nobody needs', () => {
    expect(packed.size).toBeLessThan(MAX_PACKED_BYTES);
    const folders = packed.files.map(({ path }) =>
      path
        .split('/')
        .slice(0, path.startsWith('dist') ? 2 : 1)
        .join('/'),
    );
    expect([...new Set(folders)].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/kernels',
      'dist/page',
      'dist/routes',
      'dist/src',
      'dist/types',
      'model-weights',
      'openapi.yaml',
      'package.json',
      'prebuilds',
    ]);
    expect(packed.files.filter(({ path }) => path.endsWith('.map'))).toEqual([]);
  });

  it('is clean by publint and by attw', async () => {
    const checkers = join(CACHE, 'package-checkers');
    await installNpmPackages(checkers, CHECKERS);
    const bin = join(checkers, 'node_modules/.bin');
    const publint = await runProgram([join(bin, 'publint'), 'run', tarball, '--strict', '--pack', 'false']);
    expect(publint.status, publint.stdout + publint.stderr).toBe(0);
    // There is no CommonJS form; Node gives the one that there is to require, too.
    const attw = await runProgram([
      join(bin, 'attw'),
      tarball,
      '--profile',
      'esm-only',
      // A file that is no module.
      '--exclude-entrypoints',
      './openapi.yaml',
      '--no-emoji',
      '--no-color',
    ]);
    expect(attw.status, attw.stdout + attw.stderr).toBe(0);
  });

  it.concurrent.each(NODE_MAJORS)(
    'serves and runs the examples where it is installed, on Node %i',
    async (major) => {
      const empty = join(folder, `node-${major}`);
      const bin = join(folder, `bin-${major}`);
      const home = join(folder, `home-${major}`);
      for (const path of [empty, bin, home]) mkdirSync(path);
      const node = await installNode(major);
      symlinkSync(node, join(bin, 'node'));
      const npm = await npmFolder();
      const environment = {
        PATH: `${bin}:/usr/bin:/bin`,
        HOME: home,
        npm_config_cache: join(home, 'npm'),
        LOG_LEVEL: undefined,
        RUNTIME: undefined,
      };
      const install = [node, join(npm, 'bin/npm-cli.js'), 'install', '--no-audit', '--no-fund', tarball];
      const installed = await runProgram(install, environment, '', empty);
      expect(installed.status, installed.stderr).toBe(0);

      const npx = [node, join(npm, 'bin/npx-cli.js'), '--no-install', 'tokenflare'];
      const version = await runProgram([...npx, '--version'], environment, '', empty);
      expect(version).toMatchObject({ status: 0, stdout: expect.stringContaining(VERSION) as string });
      // npx does not pass signals on.
      const command = [join(empty, 'node_modules/.bin/tokenflare'), '--port', '0'];
      await withService(command, environment, empty, async (url) => {
        const health = (await (await fetch(`${url}/health`)).json()) as { version: string };
        expect(health.version).toBe(VERSION);
        const answer = await postJson(`${url}/v1/completions`, { prompt: 'Once upon a time', max_tokens: 4 });
        expect(answer).toMatchObject({ usage: { completion_tokens: 4 } });
        const page = await fetch(`${url}/`);
        expect(page.headers.get('content-type')).toContain('text/html');
      });

      const more = await runProgram([...install.slice(0, -1), ...COMPANIONS], environment, '', empty);
      expect(more.status, more.stderr).toBe(0);
      await checkExamples(node, empty, environment);
    },
    400_000,
  );
});

/** Compiles the examples by the types that were installed, and runs each. */
async function checkExamples(
  node: string,
  cwd: string,
  environment: Record<string, string | undefined>,
): Promise<void> {
  const examples = join(ROOT, 'examples');
  const names = readdirSync(examples).filter((name) => name.endsWith('.ts'));
  for (const name of names) cpSync(join(examples, name), join(cwd, name));
  const compilerOptions = {
    ...{ target: 'ES2023', module: 'NodeNext', strict: true, noEmit: true, types: ['node'] },
    // Of the package's own types alone: other packages' are not ours to mend.
    skipLibCheck: true,
  };
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: names }));
  const checked = await runProgram(
    [node, 'node_modules/typescript/bin/tsc', '-p', '.'],
    environment,
    '',
    cwd,
  );
  expect(checked.stdout).toBe('');
  const scripts = names.map((name) => {
    const script = join(cwd, name.replace('.ts', '.js'));
    const { outputText } = ts.transpileModule(readFileSync(join(cwd, name), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    writeFileSync(script, outputText);
    return script;
  });
  const run = (name: string): string => scripts.find((script) => basename(script) === name) ?? '';

  const inProcess = await runProgram([node, run('in-process.js')], environment, '', cwd);
  expect(inProcess).toMatchObject({ status: 0, stderr: '' });
  expect(inProcess.stdout.match(/ 8$/gm)).toHaveLength(4);
  expect(inProcess.stdout).toContain('invalid_request temperature');
  const openai = await runProgram([node, run('openai-in-process.js')], environment, '', cwd);
  expect(openai).toMatchObject({ status: 0, stderr: '' });
  const fox = JSON.parse(openai.stdout) as { name: string; age: number };
  expect(Object.keys(fox).sort()).toEqual(['age', 'name']);
  const mount = [node, run('mount.js')];
  await withService(mount, { ...environment, PORT: '0' }, cwd, async (url) => {
    expect(await (await fetch(new URL('/', url))).text()).toContain('The application');
    const answer = await postJson(`${url}v1/completions`, { prompt: 'Once upon a time', max_tokens: 4 });
    expect(answer).toMatchObject({ usage: { completion_tokens: 4 } });
  });
}

/** Runs a program that serves, until the work is done; then it is told to end, and must. */
async function withService(
  [program = '', ...args]: readonly string[],
  environment: Record<string, string | undefined>,
  cwd: string,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...environment } });
  const exited = once(child, 'exit');
  let said = '';
  const note = (text: string): void => void (said += text);
  child.stdout.setEncoding('utf8').on('data', note);
  child.stderr.setEncoding('utf8').on('data', note);
  try {
    for (;;) {
      const url = /(http:\/\/127\.0\.0\.1:\d+[\w/]*)\s/.exec(said)?.[1];
      if (url !== undefined) {
        await work(url);
        return;
      }
      if (child.exitCode !== null) throw new Error(`it ended: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    child.kill('SIGTERM');
    const [code] = (await exited) as [number | null];
    expect(code, said).toBe(0);
  }
}

async function postJson(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.json();
}

/** Where npm lies, which came with the `node` that is on the path. */
async function npmFolder(): Promise<string> {
  const { stdout } = await runProgram(['npm', 'root', '--global']);
  return join(stdout.trim(), 'npm');
}
