import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openHub } from '../../../src/catalog/hub.ts';
import { parsePullRequest } from '../../../src/catalog/model-id.ts';
import { listModels } from '../../../src/catalog/model-store.ts';
import { pullModel } from '../../../src/catalog/pull-model.ts';
import { tinyRepository } from '../../support/hub-models.ts';
import { freePort } from '../../support/process.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { ID, WEIGHTS, startPull } from '../../support/pull.ts';

describe('a hub that cannot be reached', () => {
  const pullFrom = async (endpoint: string): Promise<{ message: string; numRetries: number }> => {
    const signal = new AbortController().signal;
    let numRetries = 0;
    const pulling = pullModel(parsePullRequest(ID), {
      hub: openHub({ HF_ENDPOINT: endpoint }, signal),
      modelsDir: tempDirectory(),
      signal,
      listener: { onPlan: () => undefined, onFile: () => undefined, onBytes: () => undefined },
      retries: { maxFailures: 3, firstDelayMs: 1, onRetry: () => numRetries++ },
    });
    const message = await pulling.then(
      () => 'it was pulled',
      (error: unknown) => (error as Error).message,
    );
    return { message, numRetries };
  };

  it.each([
    // RFC 6761: no name server answers for it.
    ['a name that nothing knows', () => 'http://hub.invalid', /getaddrinfo (ENOTFOUND|EAI_AGAIN)/],
    ['a port that nothing listens on', async () => `http://127.0.0.1:${await freePort()}`, /ECONNREFUSED/],
  ])('is not tried again: %s', async (_, endpointOf, reason) => {
    const endpoint = await endpointOf();
    const { message, numRetries } = await pullFrom(endpoint);
    expect(numRetries).toBe(0);
    expect(message).toMatch(reason);
    expect(message).toContain(`${endpoint} cannot be reached`);
    expect(message).toMatch(/: is there a network\? HF_ENDPOINT names a mirror of the hub$/);
  });

  it('is tried again where it was reached, and the connection broke', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect((await pullFrom(`http://127.0.0.1:${port}`)).numRetries).toBe(2);
  });
});

describe('a connection that breaks', () => {
  it('goes on in the middle of a file', async () => {
    const { hub, run, ranges, modelsDir } = await startPull();
    hub.faults.cut = { path: WEIGHTS, afterBytes: 50_000, times: 1 };
    await run();
    const [first, second, ...others] = ranges(WEIGHTS);
    expect([first, others]).toEqual([undefined, []]);
    expect(second).toMatch(/^bytes=[1-9]\d*-$/);
    const { bytes } = tinyRepository()[WEIGHTS]!;
    expect(readFileSync(join(modelsDir, 'owner--tiny', WEIGHTS)).equals(bytes)).toBe(true);
  });

  it('gives up after some failures without a byte between, and the next pull goes on', async () => {
    const { hub, run, ranges, modelsDir } = await startPull();
    hub.faults.cut = { path: WEIGHTS, afterBytes: 50_000, times: 1 };
    hub.faults.refuse = { path: WEIGHTS, status: 503, times: 0 };
    const pulling = run(ID, {
      listener: {
        onPlan: () => undefined,
        onFile: () => undefined,
        onBytes: (count) => {
          // From the first bytes of the weights on, nothing more comes.
          if (count > 20_000) hub.faults.refuse = { path: WEIGHTS, status: 503 };
        },
      },
    });
    await expect(pulling).rejects.toMatchObject({
      code: 'download_failed',
      message: expect.stringMatching(
        /answered 503.*; what came so far is kept: run the same command again to go on$/,
      ) as string,
    });
    expect(await listModels(modelsDir)).toEqual([]);
    const numAsked = ranges(WEIGHTS).length;
    hub.faults = {};
    await run();
    expect(ranges(WEIGHTS).slice(numAsked)).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it('begins again where the server knows no ranges', async () => {
    const { hub, run, modelsDir } = await startPull();
    hub.faults = { ignoreRange: true, cut: { path: WEIGHTS, afterBytes: 50_000, times: 1 } };
    await run();
    const { bytes } = tinyRepository()[WEIGHTS]!;
    expect(readFileSync(join(modelsDir, 'owner--tiny', WEIGHTS)).equals(bytes)).toBe(true);
  });

  it('ends where such a server never gets to the end', async () => {
    const { hub, run } = await startPull();
    // Often further than the time before, never further than the first.
    let numCuts = 0;
    const afterBytes = (): number => (numCuts++ === 0 ? 90_000 : 20_000 * (1 + ((numCuts + 1) % 3)));
    hub.faults = { ignoreRange: true, cut: { path: WEIGHTS, afterBytes, times: 100 } };
    await expect(run()).rejects.toMatchObject({ code: 'download_failed' });
  });

  it('does not take a part of another content for this one', async () => {
    const { hub, run, ranges, modelsDir } = await startPull();
    hub.faults = { cut: { path: WEIGHTS, afterBytes: 50_000, times: Infinity } };
    const abort = new AbortController();
    const listener = {
      onPlan: () => undefined,
      onFile: () => undefined,
      onBytes: (count: number) => {
        if (count > 20_000) abort.abort();
      },
    };
    await expect(run(ID, { listener, signal: abort.signal })).rejects.toThrow();
    const bytes = Buffer.from(tinyRepository()[WEIGHTS]!.bytes);
    bytes[bytes.length - 1]! ^= 1;
    hub.commit(ID, { ...tinyRepository(), [WEIGHTS]: { bytes, lfs: true } });
    hub.faults = {};
    const numAsked = ranges(WEIGHTS).length;
    await run();
    expect(ranges(WEIGHTS).slice(numAsked)).toEqual([undefined]);
    expect(readFileSync(join(modelsDir, 'owner--tiny', WEIGHTS)).equals(bytes)).toBe(true);
  });

  it('asks again for a listing that failed', async () => {
    const { hub, run } = await startPull();
    hub.faults.refuse = { path: '/tree/', status: 502, times: 2 };
    await run();
    hub.faults.refuse = { path: '/revision/', status: 502 };
    await expect(run()).rejects.toThrow(/answered 502/);
  });
});

describe('a full disk', () => {
  /** A file system of a given size in memory; undefined where this process may not mount one. */
  function smallDisk(kib: number): string | undefined {
    const path = mkdtempSync(join(tmpdir(), 'tokenflare-disk-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', path]).status !== 0)
      return undefined;
    onTestFinished(() => {
      spawnSync('umount', ['-l', path]);
      spawnSync('rmdir', [path]);
    });
    return path;
  }

  it('is seen before anything is fetched', async ({ skip }) => {
    const disk = smallDisk(100);
    if (disk === undefined) return skip('only root may mount a small disk');
    const { hub, run } = await startPull(tinyRepository(), join(disk, 'models'));
    await expect(run()).rejects.toMatchObject({
      code: 'download_failed',
      message: expect.stringMatching(
        /^183 kB are to be fetched, and .* has \d+(\.\d+)? kB free; make room/,
      ) as string,
    });
    expect(hub.requests.some(({ url }) => url.includes('/resolve/'))).toBe(false);
  });

  it('while it is written leaves a pull that goes on when there is room', async ({ skip }) => {
    const disk = smallDisk(256);
    if (disk === undefined) return skip('only root may mount a small disk');
    const { hub, run, ranges, modelsDir } = await startPull(tinyRepository(), join(disk, 'models'));
    const filler = join(disk, 'filler');
    const listener = {
      onPlan: () => undefined,
      onBytes: () => undefined,
      // Somebody else takes the room when the pull has already looked.
      onFile: ({ path }: { path: string }) => {
        if (path === WEIGHTS) writeFileSync(filler, Buffer.alloc(140_000));
      },
    };
    await expect(run(ID, { listener })).rejects.toMatchObject({
      code: 'download_failed',
      message: expect.stringContaining('the disk is full; what came so far is kept') as string,
    });
    expect(await listModels(modelsDir)).toEqual([]);
    spawnSync('rm', [filler]);
    hub.faults = {};
    await run();
    expect(ranges(WEIGHTS).at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await listModels(modelsDir)).toHaveLength(1);
  });
});
