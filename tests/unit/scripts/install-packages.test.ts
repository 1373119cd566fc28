import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand, unlessMade } from '../../../scripts/install-packages.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

it('does work once for a key, and again after it failed or for another key', async () => {
  const stamp = join(tempDirectory(), 'folder', 'work.made');
  let numDone = 0;
  const work = (): Promise<void> => {
    numDone++;
    return Promise.resolve();
  };
  await expect(unlessMade(stamp, 'a 1', () => Promise.reject(new Error('no network')))).rejects.toThrow(
    'no network',
  );
  await unlessMade(stamp, 'a 1', work);
  await unlessMade(stamp, 'a 1', work);
  expect(numDone).toBe(1);
  await unlessMade(stamp, 'a 2', work);
  expect(numDone).toBe(2);
  await expect(unlessMade(stamp, 'a 3', () => Promise.reject(new Error('full')))).rejects.toThrow('full');
  await unlessMade(stamp, 'a 2', work);
  expect(numDone).toBe(3);
});

it('says which command failed, or cannot be run', async () => {
  await expect(runCommand([process.execPath, '-e', 'process.exit(3)'])).rejects.toMatchObject({
    code: 'backend_unavailable',
    message: expect.stringContaining("process.exit(3)' failed") as string,
  });
  await expect(runCommand(['/nowhere/at-all'])).rejects.toMatchObject({
    code: 'backend_unavailable',
    message: "'/nowhere/at-all' cannot be run",
  });
});

it('is done once where several want it at once', async () => {
  const stamp = join(tempDirectory(), 'made');
  let numCalls = 0;
  const work = async (): Promise<void> => {
    numCalls++;
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await Promise.all([1, 2, 3].map(() => unlessMade(stamp, 'a 1', work)));
  expect(numCalls).toBe(1);
});
