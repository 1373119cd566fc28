import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../scripts/install-packages.ts';
import { build } from '../support/process.ts';
import { PseudoTerminal, skipsTerminal } from '../support/pseudo-terminal.ts';
import { runProgram, type Finished } from '../support/run-command.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { until } from '../support/service.ts';

/**
 * What the command hands to wrangler and has back from it, by a script in wrangler's place. Real ones run in
 * tests/clients/scripts/wrangler.mjs.
 */
const MAIN = join(ROOT, 'dist/src/cli/main.js');
const SCRIPT = `
let numSignals = 0;
const end = (code) => () => setTimeout(() => process.exit(code + numSignals), numSignals++ === 0 ? 300 : 0);
process.on('SIGINT', end(20)).on('SIGTERM', end(30)).on('SIGHUP', end(40));
if (process.argv.includes('--wait')) setInterval(() => undefined, 1000);
else process.exitCode = 7;
// Last: who reads it may send a signal at once.
console.log(JSON.stringify({ words: process.argv.slice(2), node: process.execArgv }));
`;

beforeAll(build);

function project(): string {
  const folder = tempDirectory();
  const wrangler = join(folder, 'node_modules/wrangler');
  mkdirSync(wrangler, { recursive: true });
  writeFileSync(join(wrangler, 'cli.cjs'), SCRIPT);
  const manifest = { version: '4.164.0', bin: { wrangler: 'cli.cjs' } };
  writeFileSync(join(wrangler, 'package.json'), JSON.stringify(manifest));
  return folder;
}

const run = (args: readonly string[], cwd = project(), environment = {}): Promise<Finished> =>
  runProgram([process.execPath, MAIN, 'wrangler', ...args], environment, '', cwd);

/** Options of the plugin, which stand in the address of the module that Node loads first. */
function given(stdout: string): { words: string[]; options: unknown } {
  const { words, node } = JSON.parse(stdout) as { words: string[]; node: string[] };
  const address = node[node.indexOf('--import') + 1] ?? '';
  return { words, options: JSON.parse(decodeURIComponent(new URL(address).search.slice(1))) as unknown };
}

it('hands arguments on, and ends as wrangler does', async () => {
  const { status, stdout, stderr } = await run([
    'dev',
    'src/index.ts',
    '--port',
    '9',
    '--var',
    'a:b',
    '-e',
    'x',
  ]);
  expect(status).toBe(7);
  const { words, options } = given(stdout);
  expect(words).toEqual(['dev', 'src/index.ts', '--port', '9', '--var', 'a:b', '-e', 'x', '--local']);
  expect(options).toEqual({
    models: { '@cf/*': 'tokenflare-tales', '@hf/*': 'tokenflare-tales' },
    settings: {},
  });
  expect(stderr.split('\n')[0]).toBe(
    'tokenflare: wrangler 4.164.0, with env.AI in its process: @cf/* is tokenflare-tales, @hf/* is tokenflare-tales',
  );
});

it('has settings of the service by flags and by the environment, and aliases of its user', async () => {
  const flags = [
    '--max-model-len',
    '128',
    '--model-aliases',
    '@cf/meta/*=tokenflare-tales',
    'dev',
    '--model',
    'a',
  ];
  const { words, options } = given((await run(flags, project(), { MAX_NUM_SEQS: '2', PORT: '1' })).stdout);
  expect(words).toEqual(['dev', '--model', 'a', '--local']);
  expect(options).toEqual({
    models: { '@cf/meta/*': 'tokenflare-tales' },
    settings: { MAX_MODEL_LEN: '128', MAX_NUM_SEQS: '2' },
  });
});

it('leaves ids to a service that runs', async () => {
  const { stdout, stderr } = await run(['--url', 'http://127.0.0.1:9', 'dev']);
  expect(given(stdout).options).toEqual({ url: 'http://127.0.0.1:9', models: {} });
  expect(stderr).toContain('with env.AI at http://127.0.0.1:9: models have their ids there');
});

it('names indexes of Vectorize that are made where there are none', async () => {
  const flags = ['--url', 'http://a', '--index', 'notes=256,cosine', '--index', 'b=3,dot-product', 'dev'];
  expect(given((await run(flags)).stdout).options).toEqual({
    url: 'http://a',
    models: {},
    indexes: { notes: { dimensions: 256, metric: 'cosine' }, b: { dimensions: 3, metric: 'dot-product' } },
  });
});

it.each([
  [['--index', 'notes=256', 'dev'], 2, /like notes=256,cosine/],
  [['deploy'], 2, /it runs wrangler dev; for other commands run wrangler itself/],
  [[], 2, /it runs wrangler dev/],
  [['pages', 'dev'], 2, /pages dev has no --local/],
  [['dev', '--remote'], 2, /with --remote the Worker runs at Cloudflare/],
  [['--model', '/nowhere', 'dev'], 1, /\/nowhere/],
])('refuses %j', async (args, status, message) => {
  const refused = await run(args);
  expect(refused.stderr).toMatch(message);
  expect([refused.status, refused.stdout]).toEqual([status, '']);
});

it('wants a wrangler', async () => {
  const { status, stderr } = await run(['dev'], tempDirectory());
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/there is no wrangler in .*npm install --save-dev/),
  ]);
});

it.each([
  ['SIGINT', 21],
  ['SIGTERM', 31],
  ['SIGHUP', 41],
] as const)('%s reaches wrangler, whose exit code it is', async (signal, code) => {
  const child = spawn(process.execPath, [MAIN, 'wrangler', 'dev', '--wait'], {
    cwd: project(),
    stdio: 'pipe',
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => said.includes('--wait'));
  const exited = once(child, 'exit');
  child.kill(signal);
  expect(await exited).toEqual([code, null]);
});

it.skipIf(skipsTerminal)('Ctrl-C in a terminal reaches wrangler once', async () => {
  const command = `cd ${project()} && exec ${process.execPath} ${MAIN} wrangler dev --wait`;
  const terminal = new PseudoTerminal(['/bin/sh', '-c', command]);
  await terminal.see(/"--wait"/);
  terminal.type('\u0003');
  expect(await terminal.exited, terminal.text).toBe(21);
});
