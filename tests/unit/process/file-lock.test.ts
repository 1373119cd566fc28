import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { takeFileLock, type FileLock } from '../../../src/process/file-lock.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const MODULE = new URL('../../../src/process/file-lock.ts', import.meta.url).href;
const OWN_PIDS = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const canUnshare = spawnSync(OWN_PIDS[0]!, [...OWN_PIDS.slice(1), 'true']).status === 0;
/** A holder that lives has twenty times to touch its lock until another one takes it. */
const TIMING = { touchEveryMs: 100, stillAfterMs: 2000, lostAfterMs: Infinity };
/** Nobody lives who could be late. */
const QUICK = { ...TIMING, stillAfterMs: 400 };
const AN_HOUR_MS = 3_600_000;

/** Starts a process that takes the lock and keeps it. */
async function startHolder(path: string, prefix: readonly string[] = []): Promise<ChildProcess> {
  const code = `
    import { takeFileLock } from '${MODULE}';
    const lock = takeFileLock(${JSON.stringify(path)}, ${JSON.stringify(TIMING)});
    console.log(lock.isTaken);
    setInterval(() => undefined, 1000);`;
  const loader = import.meta.resolve('tsx');
  const node = [process.execPath, '--import', loader, '--input-type=module', '--eval', code];
  const [program = '', ...args] = [...prefix, ...node];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(String(line)).toBe('true\n');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function askUntilSure(path: string): Promise<FileLock> {
  for (;;) {
    const lock = takeFileLock(path, TIMING);
    if (lock.isTaken || lock.isSure) return lock;
    await sleep(20);
  }
}

/** The same line with another process id, and the digest that belongs to it. */
function withPid(text: string, pid: number): string {
  const words = [String(pid), ...text.trim().split(' ').slice(1, -1)].join(' ');
  return `${words} ${createHash('sha256').update(words).digest('hex').slice(0, 16)}\n`;
}

describe.runIf(process.platform === 'linux')('a lock whose holder can be looked up', () => {
  it('is kept as long as the holder lives, also without being touched', async () => {
    const path = join(tempDirectory(), 'lock');
    const holder = await startHolder(path);
    holder.kill('SIGSTOP');
    utimesSync(path, 0, 0);
    await sleep(2 * TIMING.stillAfterMs);
    expect(takeFileLock(path, TIMING)).toEqual({
      isTaken: false,
      holder: String(holder.pid),
      isSure: true,
    });
    await kill(holder);
    expect(takeFileLock(path, TIMING)).toMatchObject({ isTaken: true });
  });

  it('is kept by this process, and let go', () => {
    const path = join(tempDirectory(), 'lock');
    const lock = takeFileLock(path, TIMING);
    expect(takeFileLock(path, TIMING)).toMatchObject({ isTaken: false, holder: String(process.pid) });
    if (lock.isTaken) lock.release();
    expect(existsSync(path)).toBe(false);
  });

  it('is taken where another process has the number of the holder now', async () => {
    const path = join(tempDirectory(), 'lock');
    const holder = await startHolder(path);
    // What a holder left that had the same number at another time: the real line, which another process wrote.
    const text = readFileSync(path, 'utf8');
    await kill(holder);
    const living = spawn('sleep', ['600'], { stdio: 'ignore' });
    onTestFinished(() => void living.kill());
    writeFileSync(path, withPid(text, living.pid ?? 0));
    expect(takeFileLock(path, TIMING)).toMatchObject({ isTaken: true });
  });

  it('is taken where the number is that of this process itself', async () => {
    const path = join(tempDirectory(), 'lock');
    const holder = await startHolder(path);
    const text = readFileSync(path, 'utf8');
    await kill(holder);
    writeFileSync(path, withPid(text, process.pid));
    expect(takeFileLock(path, TIMING)).toMatchObject({ isTaken: true });
  });

  it('is not let go by a process whose lock another one has by now', () => {
    const path = join(tempDirectory(), 'lock');
    const late = takeFileLock(path, TIMING);
    writeFileSync(path, 'another');
    if (late.isTaken) late.release();
    expect(readFileSync(path, 'utf8')).toBe('another');
  });
});

describe('a lock whose holder cannot be looked up', () => {
  it.each([
    ['of an older version', `${process.ppid} ${hostname()} 8c0e9d61-3f1b-4f0e-9f57-2b5d2f1f6a10\n`],
    ['of an older version on another host', '1 elsewhere 8c0e9d61-3f1b-4f0e-9f57-2b5d2f1f6a10\n'],
    ['that is empty', ''],
    ['that is damaged', '\0\0\0'],
  ])(
    'is taken when it was not touched for a while, though its time is an hour ahead: one %s',
    async (_, text) => {
      const path = join(tempDirectory(), 'lock');
      writeFileSync(path, text);
      const ahead = (Date.now() + AN_HOUR_MS) / 1000;
      utimesSync(path, ahead, ahead);
      const startedMs = performance.now();
      expect(takeFileLock(path, QUICK)).toMatchObject({ isTaken: false, isSure: false });
      await sleep(QUICK.stillAfterMs);
      expect(takeFileLock(path, QUICK)).toMatchObject({ isTaken: true });
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(QUICK.stillAfterMs);
    },
  );

  it('is kept where it is touched, though its time is an hour behind', async () => {
    const path = join(tempDirectory(), 'lock');
    writeFileSync(path, '1 elsewhere 8c0e9d61-3f1b-4f0e-9f57-2b5d2f1f6a10\n');
    let behind = (Date.now() - AN_HOUR_MS) / 1000;
    const touching = setInterval(() => utimesSync(path, behind, ++behind), TIMING.touchEveryMs);
    onTestFinished(() => {
      clearInterval(touching);
    });
    const held = { isTaken: false, holder: '1 on elsewhere', isSure: true };
    expect(await askUntilSure(path)).toEqual(held);
    await sleep(2 * TIMING.stillAfterMs);
    expect(await askUntilSure(path)).toEqual(held);
    clearInterval(touching);
    await sleep(1.5 * TIMING.stillAfterMs);
    expect(await askUntilSure(path)).toMatchObject({ isTaken: true });
  });

  it('is taken where who was to remove it has died as well', async () => {
    const path = join(tempDirectory(), 'lock');
    const dead = await startHolder(path);
    const takeover = await startHolder(`${path}.takeover`);
    await kill(dead);
    expect(takeFileLock(path, TIMING)).toEqual({
      isTaken: false,
      holder: String(takeover.pid),
      isSure: true,
    });
    await kill(takeover);
    expect(takeFileLock(path, TIMING)).toMatchObject({ isTaken: true });
    expect(existsSync(`${path}.takeover`)).toBe(false);
  });

  describe.runIf(canUnshare)('since it is in another container', () => {
    it('is kept as long as the holder lives, and taken when it was killed', async () => {
      const path = join(tempDirectory(), 'lock');
      const holder = await startHolder(path, OWN_PIDS);
      expect(readFileSync(path, 'utf8')).toMatch(/^1 /);
      expect(await askUntilSure(path)).toMatchObject({ isTaken: false, isSure: true });
      await sleep(2 * TIMING.stillAfterMs);
      expect(await askUntilSure(path)).toMatchObject({ isTaken: false, isSure: true });
      await kill(holder);
      await sleep(1.5 * TIMING.stillAfterMs);
      expect(await askUntilSure(path)).toMatchObject({ isTaken: true });
    });
  });
});

it('says in its first words what older versions read: process id and host', () => {
  const path = join(tempDirectory(), 'lock');
  takeFileLock(path, TIMING);
  expect(readFileSync(path, 'utf8').split(' ').slice(0, 2)).toEqual([String(process.pid), hostname()]);
});
