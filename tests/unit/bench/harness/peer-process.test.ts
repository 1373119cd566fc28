import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeWindow } from '../../../../bench/harness/decode-rate.ts';
import { PeerProcess } from '../../../../bench/harness/peer-process.ts';
import { Workload } from '../../../../src/bench/workload.ts';

const signal = new AbortController().signal;
const harness = pathToFileURL(join(import.meta.dirname, '../../../../bench/peers/peer_process.mjs')).href;
const far = (): number => performance.now() + 60_000;

/** By bench/peers/peer_process.mjs, as the real ones; what it does is in the last argument. */
const ENGINE = `
import { createStopwatch, serveOrders } from '${harness}';
const [, , mode] = process.argv;
if (mode === 'missing') process.exit(3);
const seen = new Set();
serveOrders('an engine, ' + mode, async ({ prompts, maxTokens, batching }) => {
  for (const prompt of mode === 'forgetful' ? prompts.map(String) : []) {
    if (seen.has(prompt)) throw new Error('a prompt came twice');
    seen.add(prompt);
  }
  if (mode === 'failing') throw new Error('no memory');
  if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
  if (mode === 'dying') process.exit(4);
  const stopwatch = createStopwatch(prompts.length);
  const numTokens = mode === 'short' ? maxTokens - 1 : maxTokens;
  for (let i = 0; i < numTokens; i++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    for (let stream = 0; stream < prompts.length; stream++) stopwatch.note(stream, 10 * i + stream);
  }
  if (batching === 'static' && prompts.some((prompt) => prompt.length !== 5)) throw new Error('not as ordered');
  return stopwatch.times();
});
`;

let folder = '';
let engine = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenflare-peer-'));
  engine = join(folder, 'engine.mjs');
  await writeFile(engine, ENGINE);
});

afterAll(() => rm(folder, { recursive: true }));

const order = { streams: 3, promptTokens: 5, maxTokens: 4 };

async function withPeer<T>(mode: string, work: (peer: PeerProcess) => Promise<T>): Promise<T> {
  const peer = await PeerProcess.start([process.execPath, engine, mode], signal);
  try {
    return await work(peer);
  } finally {
    await peer.stop();
  }
}

describe('PeerProcess', () => {
  it('brings the times of each token, which make a decode window', async () => {
    await withPeer('whole', async (peer) => {
      expect(peer.description).toBe('an engine, whole');
      const run = peer.runner(new Workload(10, 0), 'static');
      const { sentMs, streams, isCutOff } = await run(order, far(), signal);
      expect(isCutOff).toBe(false);
      expect(streams.map((events) => events.length)).toEqual([4, 4, 4]);
      for (const events of streams) {
        expect(events.map(({ numTokens }) => numTokens)).toEqual([1, 1, 1, 1]);
        expect(events[0]?.atMs).toBeGreaterThan(sentMs);
      }
      for (const events of streams) expect(events).toEqual(events.toSorted((a, b) => a.atMs - b.atMs));
      // How many depends on how long the machine let each stream wait.
      expect(decodeWindow(streams)?.numTokens).toBeGreaterThan(0);
    });
  });

  it('gives another prompt to each stream of each run, so that no cache could know it', async () => {
    await withPeer('forgetful', async (peer) => {
      const run = peer.runner(new Workload(1000, 0), 'static');
      for (let i = 0; i < 3; i++) expect((await run(order, far(), signal)).streams).toHaveLength(3);
      const again = peer.runner(new Workload(1000, 0), 'static')(order, far(), signal);
      await expect(again).rejects.toThrow('a prompt came twice');
    });
  });

  it('brings the tokens of a prompt', async () => {
    const tokens = await withPeer('whole', (peer) => peer.complete([1, 2, 3, 4, 5], 3, signal));
    expect(tokens).toEqual([0, 10, 20]);
  });

  it('gives up when time is up, and settles when the order is done', async () => {
    await withPeer('slow', async (peer) => {
      const run = peer.runner(new Workload(10, 0), 'static');
      const cut = await run(order, performance.now() + 20, signal);
      expect(cut).toEqual({ sentMs: 0, streams: [], isCutOff: true });
      await peer.settle(signal);
      // An answer to the order before would have another number of streams.
      const next = await run({ ...order, streams: 2 }, far(), signal);
      expect(next.streams).toHaveLength(2);
    });
  });

  it.each([
    ['failing', 'Error: no memory'],
    ['short', 'a stream ended early'],
    ['dying', 'the process of another engine ended'],
  ])('tells what went wrong: %s', async (mode, message) => {
    await withPeer(mode, async (peer) => {
      const running = peer.runner(new Workload(10, 0), 'each')(order, far(), signal);
      await expect(running).rejects.toThrow(message);
    });
  });

  it('cannot start one that ends before it is ready', async () => {
    const starting = PeerProcess.start([process.execPath, engine, 'missing'], signal);
    await expect(starting).rejects.toThrow('the process of another engine ended');
  });

  it('stops when it is told to', async () => {
    await withPeer('slow', async (peer) => {
      const stop = new AbortController();
      const running = peer.runner(new Workload(10, 0), 'static')(order, far(), stop.signal);
      stop.abort(new Error('interrupted'));
      await expect(running).rejects.toThrow('interrupted');
    });
  });
});
