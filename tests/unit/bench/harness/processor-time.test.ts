import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readThreadTimes, runNsByProcess, runNsIn } from '../../../../bench/harness/processor-time.ts';

const RUNS_MS = 200;
/** A process whose child has a thread that runs so long, says what it ran by its own clock, and stays. */
const THREAD = `const until = performance.now() + ${RUNS_MS}; while (performance.now() < until);
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => 0); parentPort.postMessage(process.cpuUsage())`;
const CHILD = `const { Worker } = require('node:worker_threads');
  new Worker(process.argv[1], { eval: true }).on('message', ({ user, system }) => console.log(user + system))`;
const PARENT = `require('node:child_process').spawn(process.execPath, ['-e', process.argv[1], process.argv[2]], { stdio: 'inherit' })`;

describe('runNsByProcess', () => {
  const thread = (pid: number, threadId: number, ns: number) => ({ pid, threadId, ns });

  it('adds up the threads of each, those that began meanwhile with all they did', () => {
    const before = [thread(1, 1, 100), thread(1, 2, 50), thread(5, 5, 7), thread(5, 6, 1000)];
    const after = [thread(1, 1, 130), thread(1, 2, 50), thread(1, 9, 4), thread(5, 5, 8)];
    expect([...runNsByProcess(before, after)]).toEqual([
      [1, 34],
      [5, 1],
    ]);
  });
});

describe('runNsIn', () => {
  it('is the first of three fields', () => {
    expect(runNsIn('272190 163116 4\n')).toBe(272190);
    expect([runNsIn(''), runNsIn('\n'), runNsIn('x 1 2')]).toEqual([undefined, undefined, undefined]);
  });
});

describe('readThreadTimes', () => {
  it.skipIf(!existsSync('/proc/self/schedstat'))(
    'has what a thread of a child ran, as the child itself says',
    async () => {
      const parent = spawn(process.execPath, ['-e', PARENT, CHILD, THREAD], {
        stdio: ['ignore', 'pipe', 'inherit'],
        detached: true,
      });
      const { pid = NaN } = parent;
      onTestFinished(() => void process.kill(-pid, 'SIGKILL'));
      const [said] = (await once(parent.stdout, 'data')) as [Buffer];
      const threads = (await readThreadTimes(pid)) ?? [];
      const byProcess = runNsByProcess([], threads);
      expect(byProcess.size).toBe(2);
      const childNs = [...byProcess].find(([id]) => id !== pid)?.[1] ?? NaN;
      // Both count from the start of the child; its clock was read first.
      expect(childNs / 1e3).toBeGreaterThan(0.9 * Number(said.toString()));
    },
  );

  it('knows nothing of a process that is not there', async () => {
    expect(await readThreadTimes(2 ** 30)).toBeUndefined();
  });
});
