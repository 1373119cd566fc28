import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { build } from '../support/process.ts';
import { TINY_MODEL } from '../support/service.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHORT = ['--repeats', '1', '--concurrency', '1,3', '--prompt-tokens', '4', '--max-tokens', '100'];

const bench = (...args: string[]) =>
  spawnSync(process.execPath, ['dist/bench/main.js', ...args], { cwd: ROOT, encoding: 'utf8' });

beforeAll(build);

describe('npm run bench -- --runtimes', () => {
  // Of a tiny model one stream would be over before HTTP has begun the next.
  const limits = ['--models', 'embedded', '--ttft', '16,512', '--max-seconds', '4'];
  const args = ['--runtimes', 'wasm,cpu:f16,cpu', ...limits, ...SHORT];

  it('measures each runtime in a process of its own, and names what cannot run', () => {
    const { stdout, status, stderr } = bench(...args);
    expect(stderr).toMatch(
      /embedded, cpu, round 1: decode tokens\/s, prompts cached, 3 streams: [\d.]+(?: \(cut off\))?\n/,
    );
    const rows = stdout.split('\n').filter((line) => line.startsWith('| embedded '));
    expect(rows).toHaveLength(2);
    const value = String.raw`(> 4 s|[\d.,]+(?: ms)?(?: \(cut off\))?)`;
    for (const [index, label] of ['wasm', 'cpu'].entries()) {
      const cells = ['embedded', `\`${label}\``, '[^|]+', value, value, value, value, String.raw`\d+ MiB`];
      expect(rows[index]).toMatch(new RegExp(String.raw`^\| ${cells.join(String.raw` \| `)} \|$`));
    }
    expect(stdout).toMatch(/- `cpu:f16` failed, embedded: config_invalid: .*f16/);
    expect(status).toBe(0);
  });

  it('fails when it must not miss one', () => {
    const { stdout, status } = bench('--runtimes', 'cpu:f16', '--models', TINY_MODEL, '--require', ...SHORT);
    expect(stdout).toContain('`cpu:f16` failed');
    expect(status).toBe(1);
  });

  it.each([
    ['--runtimes', 'quantum', /config_invalid: RUNTIME is 'quantum'/],
    ['--runtimes', 'wasm:f4', /config_invalid: WEIGHTS is 'f4'/],
    ['--max-seconds', 'ten', /config_invalid: counts must be/],
  ])('%s %s is a slip', (flag, text, message) => {
    const { stderr, status } = bench('--runtimes', 'wasm', flag, text);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
  });
});
