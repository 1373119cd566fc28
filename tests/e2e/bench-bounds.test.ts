import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { BOUND_NAMES, BOUNDS } from '../../bench/harness/bounds.ts';
import { build } from '../support/process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LENGTHS = ['--contexts', '16,64', '--prompt-tokens', '32'];
const SHORT = [...LENGTHS, '--seats', '2', '--concurrency', '2', '--repeats', '1', '--idle-seconds', '1'];

const bench = (...args: string[]) =>
  spawnSync(process.execPath, ['dist/bench/main.js', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, RUNTIME: 'wasm' },
  });

beforeAll(build);

describe('npm run bench -- --bounds', () => {
  it('measures each bound on a service, and judges it', () => {
    const { stdout, stderr, status } = bench('--bounds', '--models', 'embedded', ...SHORT);
    expect(stderr).toMatch(/^measuring memory\n(measuring [a-z-]+\n){4}$/);
    const lines = stdout.split('\n').slice(2, 2 + BOUND_NAMES.length);
    for (const [index, name] of BOUND_NAMES.entries()) {
      const { title, allows, limit, unit } = BOUNDS[name];
      const [first, value, bound, verdict] = lines[index]?.split(' | ') ?? [];
      expect([first, bound]).toEqual([`| ${title}`, `${allows} ${limit}${unit}`]);
      const isLinuxOnly = name === 'memory' || name === 'idle';
      if (isLinuxOnly && process.platform !== 'linux') expect(verdict).toBe('not measured');
      else {
        expect(value).toMatch(/^[\d.,]+( ms| %)?$/);
        expect(verdict).toMatch(/^(met|\*\*missed\*\*)$/);
      }
    }
    expect(stdout).toMatch(/\nembedded; tfjs wasm, .*, Node v[\d.]+, \d{4}-\d\d-\d\d; load [\d.]+ before/);
    expect(stdout).toMatch(/\nBounds met: \d; missed: \d; not measured: \d\.\n$/);
    expect(status).toBe(0);
  });

  it('prints JSON, and fails when a bound must be met and is not', () => {
    // Beside a model of 6 MB two processes of Node are more than the bound allows.
    const args = ['--rows', 'memory', '--json', '--require', '--models', 'embedded', ...SHORT];
    const { stdout, status } = bench('--bounds', ...args);
    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({
      readings: [{ name: 'memory' }],
      machine: { node_version: process.version },
    });
    if (process.platform === 'linux')
      expect(report).toMatchObject({ verdicts: [{ limit: 1.4, is_met: false }] });
    expect(status).toBe(1);
  });

  it.each([
    [['--rows', 'context,speed'], /config_invalid: --rows has 'speed': must be of context, prefix,/],
    [['--contexts', '16'], /config_invalid: --contexts is '16': must be two whole numbers/],
    [['--contexts', '8,100'], /config_invalid: --contexts is '8,100'/],
    [['--seats', '0'], /config_invalid: --seats is '0'/],
    [
      ['--contexts', '16,9000', '--models', 'embedded'],
      /config_invalid: context needs sequences of 9008 tokens/,
    ],
    [['--columns', 'wasm-f32'], /config_invalid: Unknown option '--columns'[^]*npm run bench -- --bounds/],
  ])('%j is a slip', (args, message) => {
    const { stderr, status } = bench('--bounds', ...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
  });
});

describe('npm run bench', () => {
  it('helps with every mode', () => {
    const { stdout, status } = bench('--help');
    const heads = stdout.match(/^npm run bench -- .*$/gm)?.map((line) => line.split(/ {2,}/)[0]);
    expect(heads).toEqual([
      'npm run bench -- [options]',
      'npm run bench -- --runtimes NAME,NAME,...',
      'npm run bench -- --interference',
      'npm run bench -- --peers --gguf',
      'npm run bench -- --peers',
      'npm run bench -- --llama-server PATH',
      'npm run bench -- --formats',
      'npm run bench -- --speculation',
      'npm run bench -- --grammars',
      'npm run bench -- --bounds',
      'npm run bench -- --whole',
      'npm run bench -- --against DIR',
    ]);
    expect(status).toBe(0);
  });

  it.each([
    [
      ['--interference', '--models', 'embedded', '--prompt-tokens', '9000'],
      /config_invalid: sequences of 9001 tokens exceed/,
    ],
    [['--peers', '--columns', 'gpu'], /config_invalid: --columns has 'gpu'/],
    [['--speculation', '--seats', '3'], /config_invalid: Unknown option '--seats'/],
    [['--modes', 'grpc'], /^--modes has 'grpc': must be of engine, http/],
    [['--seed=x'], /^seed must be an integer/],
  ])('%j is read by the mode it picks', (args, message) => {
    const { stderr, status } = bench(...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
  });
});
