import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CACHE, installNode, installNpmPackages, NODE_MAJORS, ROOT } from '../../scripts/install-packages.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { DAWN_VERSION, dawnFolderOf } from '../../src/runtime/webgpu/dawn.ts';
import { installDawn } from '../../src/runtime/webgpu/install-dawn.ts';
import { VERSION } from '../../src/version.ts';
import { tinyRepository } from '../support/hub-models.ts';
import { HubServer } from '../support/hub-server.ts';
import { installInto, npmFolder, packPackage, postJson, withService } from '../support/installed-package.ts';
import { runProgram } from '../support/run-command.ts';
import { smallText } from '../../studio/tests/support/small-training.ts';

/** The package as npm installs it. It needs npm's server, so it runs with TEST_PACKAGE=required alone. */
const MAX_PACKED_BYTES = 20e6;
const MAX_INSTALLED_BYTES = 60e6;
const MAX_PACKAGES = 50;
const CHECKERS = { publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5' };
/** What the examples import beside the package. */
const COMPANIONS = ['openai@7.57.0', 'typescript@6.0.3', '@types/node@20.19.43'];

describe.runIf(process.env['TEST_PACKAGE'] === 'required')('the package', () => {
  let folder: string;
  let clone: string;
  let tarball: string;
  let packed: { size: number; files: { path: string }[] };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tokenflare-package-'));
    ({ clone, tarball } = await packPackage(folder));
    const list = ['npm', 'pack', '--json', '--dry-run', './dist/package'];
    [packed] = JSON.parse((await runProgram(list, {}, '', clone)).stdout) as [typeof packed];
  }, 900_000);
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
      'dist/chunks',
      'dist/kernels',
      'dist/page',
      'dist/src',
      'dist/types',
      'model-weights',
      'node_modules',
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

  it('is packed by its own script alone, since npm would pack the clone', async () => {
    const { status, stderr } = await runProgram(['npm', 'pack', '--dry-run'], {}, '', clone);
    expect(status).not.toBe(0);
    expect(stderr).toContain('npm run package makes the package');
  });

  it('takes no more Dawn than npm has of that version', async () => {
    const home = join(folder, 'other-bytes');
    vi.stubEnv('XDG_DATA_HOME', home);
    const otherHash = `sha512-${createHash('sha512').update('other bytes').digest('base64')}`;
    await expect(installDawn(otherHash)).rejects.toMatchObject({ code: 'download_failed' });
    expect(readdirSync(join(home, 'tokenflare'))).toEqual([]);
    vi.unstubAllEnvs();
  }, 120_000);

  describe('where it is installed', () => {
    let installed: string;
    let environment: Record<string, string | undefined>;
    /** `tokenflare …`, by its link. */
    const tokenflare = (args: readonly string[], more: typeof environment = {}, input = '') => {
      const program = [join(installed, 'node_modules/.bin/tokenflare'), ...args];
      return runProgram(program, { ...environment, ...more }, input, installed);
    };

    beforeAll(async () => {
      [installed, environment] = await installInto(join(folder, 'installed'), process.execPath, [tarball]);
    }, 300_000);

    it('takes at most 60 MB and 50 packages', async () => {
      const { stdout: size } = await runProgram(['du', '-sk', 'node_modules'], {}, '', installed);
      expect(parseInt(size) * 1024).toBeLessThan(MAX_INSTALLED_BYTES);
      const packages = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((path) =>
        /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path),
      );
      expect(packages.length).toBeGreaterThan(10);
      expect(packages.length).toBeLessThanOrEqual(MAX_PACKAGES);
      // All that it imports is there: npm finds nothing missing and nothing in excess.
      const listed = await runProgram(['npm', 'ls', '--all'], environment, '', installed);
      expect(listed.status, listed.stdout + listed.stderr).toBe(0);
    });

    it.each(['native', 'wasm', 'cpu'])('says by %s what the clone says', async (runtime) => {
      const args = [
        'complete',
        'Once upon a time',
        '--temperature',
        '0',
        '--max-tokens',
        '24',
        '--port',
        '0',
      ];
      const settings = { RUNTIME: runtime, LOG_LEVEL: 'silent' };
      const here = await tokenflare(args, settings);
      const main = [process.execPath, join(clone, 'dist/src/cli/main.js')];
      const there = await runProgram([...main, ...args], settings, '', clone);
      expect(here.stderr + there.stderr).toBe('');
      expect(here.stdout.length).toBeGreaterThan(30);
      expect(here.stdout).toBe(there.stdout);
    });

    it('runs every command', async () => {
      const hub = await HubServer.start(onTestFinished);
      hub.commit('owner/tiny', tinyRepository());
      writeFileSync(join(installed, 'fables.txt'), smallText());
      const settings = {
        HF_ENDPOINT: hub.endpoint,
        MODELS_DIR: join(installed, 'models'),
        KEYS_FILE: join(installed, 'keys.json'),
        XDG_DATA_HOME: join(installed, 'data'),
        LOG_LEVEL: 'silent',
      };
      for (const { args, input, output } of CALLS) {
        const { status, stdout, stderr } = await tokenflare(args, settings, input);
        expect(status, `tokenflare ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
        expect(stdout + stderr, `tokenflare ${args.join(' ')}`).toMatch(output);
      }
      expect(readFileSync(join(installed, 'run/loss.svg'), 'utf8')).toMatch(/^<svg .*held out/s);
      expect(existsSync(join(installed, 'run/model.safetensors'))).toBe(true);
      const dawn = join(installed, `data/tokenflare/webgpu-${DAWN_VERSION}/node_modules/webgpu/dist`);
      expect(readdirSync(dawn)).toEqual([dawnFolderOf(process.platform, process.arch)]);
      // `serve` has tests of its own below, `wrangler` those of package-workers.test.ts.
      const called = new Set(['serve', 'wrangler', ...CALLS.map(({ args }) => args[0])]);
      expect(COMMANDS.map(({ name }) => name).filter((name) => !called.has(name))).toEqual([]);
    }, 300_000);
  });

  it.concurrent.each(NODE_MAJORS)(
    'serves and runs the examples where it is installed, on Node %i',
    async (major) => {
      const node = await installNode(major);
      const [empty, environment] = await installInto(join(folder, `node-${major}`), node, [tarball]);
      const npm = await npmFolder();
      const npx = [node, join(npm, 'bin/npx-cli.js'), '--no-install', 'tokenflare'];
      const version = await runProgram([...npx, '--version'], environment, '', empty);
      expect(version).toMatchObject({ status: 0, stdout: expect.stringContaining(VERSION) as string });
      // npx does not pass signals on.
      const command = [join(empty, 'node_modules/.bin/tokenflare'), '--port', '0'];
      await withService(command, environment, empty, async (url, said) => {
        expect(said()).toContain('not tensorflow-gpu, webgpu, tensorflow: see `npx tokenflare doctor`');
        const health = (await (await fetch(`${url}/health`)).json()) as { version: string };
        expect(health.version).toBe(VERSION);
        const answer = await postJson(`${url}/v1/completions`, { prompt: 'Once upon a time', max_tokens: 4 });
        expect(answer).toMatchObject({ usage: { completion_tokens: 4 } });
        const page = await fetch(`${url}/`);
        expect(page.headers.get('content-type')).toContain('text/html');
      });

      const install = [node, join(npm, 'bin/npm-cli.js'), 'install', '--no-audit', '--no-fund'];
      const more = await runProgram([...install, ...COMPANIONS], environment, '', empty);
      expect(more.status, more.stderr).toBe(0);
      await checkExamples(node, empty, environment);
    },
    400_000,
  );
});

interface Call {
  readonly args: readonly string[];
  readonly input?: string;
  /** Of what it writes. */
  readonly output: RegExp;
}

const SMALL =
  '--vocab-size 320 --context 32 --dim 32 --layers 1 --heads 2 --batch 2 --steps 4 --warmup 1'.split(' ');
const TRAIN = ['train', 'fables.txt', '--out', 'run', ...SMALL, '--evaluate-every', '2'];

/** Every command but `serve`, one after the other: some find what those before have made. */
const CALLS: readonly Call[] = [
  { args: ['doctor'], output: /webgpu +no: Dawn is not installed: run `npx tokenflare setup webgpu`\n/ },
  { args: ['setup', 'webgpu'], output: /^Dawn is in .*webgpu-\d/m },
  { args: ['setup', 'webgpu'], output: /^Dawn is there already/m },
  { args: ['doctor'], output: /webgpu +(yes|no: (?!Dawn is not installed))/ },
  { args: ['complete', 'Once upon', '--max-tokens', '8', '--port', '0'], output: /\w/ },
  { args: ['chat', '--max-tokens', '8', '--port', '0'], input: 'Hello!', output: /\w/ },
  { args: ['pull', 'owner/tiny'], output: /owner\/tiny is there/ },
  { args: ['list'], output: /owner\/tiny/ },
  { args: ['show', 'owner/tiny'], output: /^context +128$/m },
  { args: ['verify'], output: /owner\/tiny is as it was pulled/ },
  { args: ['models', 'list'], output: /owner\/tiny/ },
  { args: ['rm', 'owner/tiny'], output: /owner\/tiny/ },
  { args: ['keys', 'create', 'ada'], output: /ada/ },
  { args: ['keys', 'list'], output: /ada/ },
  { args: ['keys', 'revoke', 'ada'], output: /is revoked/ },
  { args: ['vectorize', 'query', '--help'], output: /--top-k/ },
  { args: [...TRAIN, '--estimate'], output: /\d/ },
  { args: TRAIN, output: /bits per byte|bits\/byte/ },
  { args: ['bits-per-byte', 'fables.txt', '--model', 'run'], output: /\d\.\d/ },
  {
    args: 'bench --prompt-tokens 8 --max-tokens 4 --concurrency 1 --repeats 1 --modes engine'.split(' '),
    output: /tokens/,
  },
];

/** An error to TypeScript, unless a type that the package's are made of is missing: then everything is allowed. */
const WRONG_REQUEST = `import type { ChatRequest } from 'tokenflare';
// @ts-expect-error a number is no conversation
export const request: ChatRequest = { messages: 5 };
`;

/** Compiles the examples by the types that were installed, and runs each. */
async function checkExamples(
  node: string,
  cwd: string,
  environment: Record<string, string | undefined>,
): Promise<void> {
  const examples = join(ROOT, 'examples');
  const names = readdirSync(examples).filter((name) => name.endsWith('.mts'));
  for (const name of names) cpSync(join(examples, name), join(cwd, name));
  const compilerOptions = {
    ...{ target: 'ES2023', module: 'NodeNext', strict: true, noEmit: true, types: ['node'] },
    // Of the package's own types alone: other packages' are not ours to mend.
    skipLibCheck: true,
  };
  // As npm writes it: an example runs whatever kind of modules the folder has.
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ type: 'commonjs' }));
  writeFileSync(join(cwd, 'wrong.mts'), WRONG_REQUEST);
  const files = [...names, 'wrong.mts'];
  writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const checked = await runProgram(
    [node, 'node_modules/typescript/bin/tsc', '-p', '.'],
    environment,
    '',
    cwd,
  );
  expect(checked.stdout).toBe('');
  const scripts = names.map((name) => {
    const script = join(cwd, name.replace('.mts', '.mjs'));
    const { outputText } = ts.transpileModule(readFileSync(join(cwd, name), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    writeFileSync(script, outputText);
    return script;
  });
  const run = (name: string): string => scripts.find((script) => basename(script) === name) ?? '';

  const inProcess = await runProgram([node, run('in-process.mjs')], environment, '', cwd);
  expect(inProcess).toMatchObject({ status: 0, stderr: '' });
  expect(inProcess.stdout.match(/ 8$/gm)).toHaveLength(4);
  expect(inProcess.stdout).toContain('invalid_request temperature');
  const openai = await runProgram([node, run('openai-in-process.mjs')], environment, '', cwd);
  expect(openai).toMatchObject({ status: 0, stderr: '' });
  const fox = JSON.parse(openai.stdout) as { name: string; age: number };
  expect(Object.keys(fox).sort()).toEqual(['age', 'name']);
  const mount = [node, run('mount.mjs')];
  await withService(mount, { ...environment, PORT: '0' }, cwd, async (url) => {
    expect(await (await fetch(new URL('/', url))).text()).toContain('The application');
    const answer = await postJson(`${url}v1/completions`, { prompt: 'Once upon a time', max_tokens: 4 });
    expect(answer).toMatchObject({ usage: { completion_tokens: 4 } });
  });
}
