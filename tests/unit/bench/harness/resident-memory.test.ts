import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { residentBytesOf } from '../../../../bench/harness/service-process.ts';

const HELD_BYTES = 100 * 2 ** 20;
/** A process whose child holds so much, and says when it does. */
const CHILD = `globalThis.held = Buffer.alloc(${HELD_BYTES}, 1); console.log('held'); setInterval(() => 0, 1000)`;
const PARENT = `require('node:child_process').spawn(process.execPath, ['-e', process.argv[1]], { stdio: 'inherit' })`;

it.runIf(process.platform === 'linux')('counts what a child of a process holds', async () => {
  const parent = spawn(process.execPath, ['-e', PARENT, CHILD], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const { pid = NaN } = parent;
  onTestFinished(() => void process.kill(-pid, 'SIGKILL'));
  await once(parent.stdout, 'data');
  const both = (await residentBytesOf(pid)) ?? NaN;
  expect(both).toBeGreaterThan(HELD_BYTES);
  // Two Nodes beside it take less than that.
  expect(both).toBeLessThan(4 * HELD_BYTES);
});

it('knows nothing of a process that is not there', async () => {
  expect(await residentBytesOf(2 ** 30)).toBeUndefined();
});
