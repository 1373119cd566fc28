import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DiskPort } from '../../../../../src/engine/worker/disk/disk-port.ts';
import type { FromDisk, ToDisk } from '../../../../../src/engine/worker/disk/disk-protocol.ts';
import { DiskWork } from '../../../../../src/engine/worker/disk/disk-work.ts';
import { isTooSlow } from '../../../../../src/engine/worker/disk/page-loads.ts';
import { spaceTagOf } from '../../../../../src/engine/worker/disk/page-name.ts';
import { PrefixDisk } from '../../../../../src/engine/worker/disk/prefix-disk.ts';
import { EngineCore } from '../../../../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../../../../src/engine/worker/model-runner.ts';
import type { DiskReport, SequenceRequest } from '../../../../../src/engine/protocol.ts';
import { PAGE_TOKENS } from '../../../../../src/pages.ts';
import { Sampler } from '../../../../../src/sampling/sampler.ts';
import { Scheduler } from '../../../../../src/scheduler/scheduler.ts';
import { logitsOf, VOCAB } from '../../../../support/any-requests.ts';
import { sequenceRequest } from '../../../../support/core-run.ts';
import { tempDirectory } from '../../../../support/temp-directory.ts';
import { NO_MODEL, TokenRuntime } from '../../../../support/token-runtime.ts';

const SPACE = '0123456789abcdef'.repeat(4);

/** The disk's thread without a thread: it does what it was sent when it is told to. */
class LazyPort implements DiskPort {
  readonly sent: ToDisk[] = [];
  readonly #work: DiskWork;

  constructor(path: string, onMessage: (message: FromDisk) => void, maxBytes: number) {
    this.#work = new DiskWork({ path, maxBytes, spaceTag: spaceTagOf(SPACE) }, onMessage);
  }

  send(message: ToDisk): void {
    this.sent.push(message);
  }

  runSome(count: number): void {
    for (const message of this.sent.splice(0, count)) if (message.type !== 'close') this.#work.run(message);
  }

  close(): Promise<void> {
    this.runSome(Infinity);
    return Promise.resolve();
  }
}

interface Setup {
  path: string;
  numPages?: number;
  maxBytes?: number;
  msToComputePage?: number;
}

/** An engine whose pages hold tokens, beside a disk. */
class Engine {
  readonly core: EngineCore;
  readonly scheduler: Scheduler;
  readonly disk: PrefixDisk;
  readonly outcomes = new Map<number, { tokenIds: number[]; logprobs: number[]; numCached: number }>();
  readonly finished = new Set<number>();
  port!: LazyPort;
  end: ((reason: string) => void) | undefined;
  now = 0;

  constructor({ path, numPages = 12, maxBytes = 1e9, msToComputePage = 100 }: Setup) {
    const runtime = new TokenRuntime(logitsOf);
    const limits = { numSeats: 3, numPages, maxNumBatchedTokens: 96, prefixCache: true };
    const scheduler = (this.scheduler = new Scheduler(limits));
    this.disk = new PrefixDisk({
      space: SPACE,
      queue: scheduler.queue,
      pages: {
        pageBytes: 4 * PAGE_TOKENS,
        read: (page, bytes) => runtime.pageBytes.readPage(runtime.cache, page, bytes),
        write: (page, bytes) => runtime.pageBytes.writePage(runtime.cache, page, bytes),
      },
      msToComputePage: () => msToComputePage,
      open: (onMessage, onEnd) => {
        this.end = onEnd;
        return (this.port = new LazyPort(path, onMessage, maxBytes));
      },
      now: () => this.now++,
    });
    const runner = new ModelRunner(NO_MODEL, runtime, runtime.cache);
    this.core = new EngineCore(scheduler, runner, new Sampler(VOCAB), () => this.now++, this.disk);
  }

  /** A turn of the engine's loop, in which the disk does so much. */
  async turn(diskMessages: number): Promise<void> {
    this.disk.tend(this.core.numSeatsUsed > 0 ? 1 : undefined);
    const report = await this.core.step();
    for (const { id, started, numCachedTokens = 0, token, finish } of report?.updates ?? []) {
      const outcome = this.outcomes.get(id) ?? { tokenIds: [], logprobs: [], numCached: 0 };
      this.outcomes.set(id, outcome);
      if (started) outcome.numCached = numCachedTokens;
      if (token !== undefined) outcome.tokenIds.push(token.tokenId);
      if (token !== undefined) outcome.logprobs.push(token.logprob ?? NaN);
      if (finish !== undefined) this.finished.add(id);
    }
    this.port.runSome(diskMessages);
  }

  /** Runs a request to its end, and lets the disk write. */
  async complete(
    request: SequenceRequest,
  ): Promise<{ tokenIds: number[]; logprobs: number[]; numCached: number }> {
    this.core.submit(request);
    for (let i = 0; !this.finished.has(request.id); i++) {
      expect(i).toBeLessThan(2000);
      await this.turn(4);
    }
    for (let i = 0; i < 20; i++) await this.turn(4);
    return this.outcomes.get(request.id) ?? { tokenIds: [], logprobs: [], numCached: 0 };
  }

  report(): DiskReport {
    return this.disk.takeReport() ?? { counts: {} as never, numBytes: 0, notes: [] };
  }
}

/** Tokens of pages that are of few kinds, so that texts begin alike. */
const textOf = (kinds: readonly number[], rest = 5): number[] => [
  ...kinds.flatMap((kind) => Array.from({ length: PAGE_TOKENS }, (_, i) => (i * kind + kind) % VOCAB)),
  ...Array.from({ length: rest }, (_, i) => (7 * i + 3) % VOCAB),
];

const LONG = textOf([1, 2, 3, 4, 5, 6]);

describe('PrefixDisk', () => {
  it('gives a new engine the pages of another, with the same logits', async () => {
    const path = tempDirectory();
    const first = new Engine({ path });
    const before = await first.complete(sequenceRequest(1, LONG));
    expect(first.report().counts).toMatchObject({ numWrittenPages: 6, numMissedPages: 6, numHitPages: 0 });
    const second = new Engine({ path });
    const after = await second.complete(sequenceRequest(1, LONG));
    expect(after).toEqual({ ...before, numCached: 6 * PAGE_TOKENS });
    expect(second.report()).toMatchObject({
      counts: { numHitPages: 6, numMissedPages: 0, numWrittenPages: 0 },
    });
  });

  it('keeps salts apart, and shares among clients of one salt', async () => {
    const path = tempDirectory();
    await new Engine({ path }).complete(sequenceRequest(1, LONG, { cacheSalt: 'a', clientId: 'one/' }));
    const other = await new Engine({ path }).complete(sequenceRequest(1, LONG, { cacheSalt: 'b' }));
    expect(other.numCached).toBe(0);
    const same = await new Engine({ path }).complete(
      sequenceRequest(1, LONG, { cacheSalt: 'a', clientId: 'two/' }),
    );
    expect(same.numCached).toBe(6 * PAGE_TOKENS);
  });

  it('writes nothing of short prompts', async () => {
    const path = tempDirectory();
    await new Engine({ path }).complete(sequenceRequest(1, textOf([1, 2, 3])));
    expect(readdirSync(join(path, 'pages'))).toEqual([]);
  });

  it('computes what was not read, and says so, where a file is damaged', async () => {
    const path = tempDirectory();
    const before = await new Engine({ path }).complete(sequenceRequest(1, LONG));
    // Any one of them: what lies before it is still good.
    const [name = ''] = readdirSync(join(path, 'pages'));
    const file = join(path, 'pages', name);
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    writeFileSync(file, bytes);
    const second = new Engine({ path });
    const after = await second.complete(sequenceRequest(1, LONG));
    expect(after).toMatchObject({ tokenIds: before.tokenIds, logprobs: before.logprobs });
    const { counts, notes } = second.report();
    expect(counts).toMatchObject({ numDamagedFiles: 1 });
    expect(counts.numHitPages + counts.numMissedPages).toBe(6);
    expect(after.numCached).toBe(counts.numHitPages * PAGE_TOKENS);
    expect(notes).toEqual([{ kind: 'damaged', reason: `${name} is damaged` }]);
    // It was computed and written again.
    expect((await new Engine({ path }).complete(sequenceRequest(1, LONG))).numCached).toBe(6 * PAGE_TOKENS);
  });

  it('computes a prompt whose pages come too slowly, and leaves the disk alone for a while', async () => {
    const path = tempDirectory();
    const other = textOf([6, 5, 4, 3, 2, 1]);
    await new Engine({ path }).complete(sequenceRequest(1, other));
    const before = await new Engine({ path }).complete(sequenceRequest(1, LONG));
    const engine = new Engine({ path });
    engine.core.submit(sequenceRequest(1, LONG));
    await engine.turn(0);
    expect(engine.core.numSeatsUsed).toBe(0);
    engine.now += 400;
    await engine.turn(0);
    expect(engine.core.numSeatsUsed).toBe(0);
    engine.now += 300;
    for (let i = 0; !engine.finished.has(1) && i < 100; i++) await engine.turn(0);
    expect(engine.outcomes.get(1)).toEqual({ ...before, numCached: 0 });
    expect(engine.report().notes.map(({ kind }) => kind)).toEqual(['slow']);
    // What comes late is for nobody, and the next one does not wait.
    await engine.turn(100);
    const reads = (): number => engine.port.sent.filter(({ type }) => type === 'read').length;
    engine.core.submit(sequenceRequest(2, other));
    expect(reads()).toBe(0);
    engine.core.cancel(2);
    engine.now += 31_000;
    engine.core.submit(sequenceRequest(3, other));
    expect(reads()).toBe(6);
  });

  it('waits as long as pages come faster than they are computed', () => {
    expect(isTooSlow(509, 0, 10)).toBe(false);
    expect(isTooSlow(511, 0, 10)).toBe(true);
    expect(isTooSlow(1509, 100, 10)).toBe(false);
    expect(isTooSlow(1511, 100, 10)).toBe(true);
  });

  it('goes on without its disk once the thread is gone, also for those that wait', async () => {
    const path = tempDirectory();
    const before = await new Engine({ path }).complete(sequenceRequest(1, LONG));
    const engine = new Engine({ path });
    engine.core.submit(sequenceRequest(1, LONG, { clientId: 'a/' }));
    engine.core.submit(sequenceRequest(2, LONG, { clientId: 'a/' }));
    engine.core.submit(sequenceRequest(3, LONG, { clientId: 'b/' }));
    await engine.turn(0);
    engine.end?.('it broke');
    for (let i = 0; engine.finished.size < 3 && i < 200; i++) await engine.turn(0);
    for (const id of [1, 2, 3]) expect(engine.outcomes.get(id)?.tokenIds).toEqual(before.tokenIds);
    expect(engine.report().notes).toEqual([{ kind: 'unusable', reason: 'it broke' }]);
  });

  it('drops pages that were evicted before the disk took them, and counts them', async () => {
    const engine = new Engine({ path: tempDirectory(), numPages: 7 });
    for (let id = 1; id < 4; id++) {
      engine.core.submit(sequenceRequest(id, textOf([id, 1, 2, 3, 4, 5])));
      for (let i = 0; !engine.finished.has(id) && i < 100; i++) {
        const report = await engine.core.step();
        if (report?.updates.some(({ finish }) => finish !== undefined)) engine.finished.add(id);
      }
    }
    engine.disk.tend(undefined);
    engine.port.runSome(100);
    expect(engine.report().counts.numDroppedPages).toBeGreaterThan(0);
  });

  it('has pages of a sequence that ended by a fault dropped', async () => {
    const path = tempDirectory();
    const engine = new Engine({ path });
    await engine.complete(sequenceRequest(1, LONG));
    expect(readdirSync(join(path, 'pages')).length).toBe(6);
    const { cache } = engine.scheduler.queue;
    const match = cache.find(LONG, LONG.length - 1);
    const { holder } = cache.take(match, undefined);
    cache.forget(holder);
    cache.free(holder);
    engine.port.runSome(100);
    expect(readdirSync(join(path, 'pages'))).toEqual([]);
  });

  const anyKinds = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 0, maxLength: 7 });
  const arrival = fc.record({
    kinds: anyKinds,
    rest: fc.integer({ min: 1, max: PAGE_TOKENS }),
    cacheSalt: fc.constantFrom(undefined, undefined, 'salt'),
    clientId: fc.constantFrom('a/1', 'a/2', 'b/1', 'c/1'),
    atTurn: fc.nat(40),
    cancelAtTurn: fc.oneof(fc.constant(Infinity), fc.constant(Infinity), fc.nat(60)),
  });
  const run = fc.record({
    arrivals: fc.array(arrival, { minLength: 1, maxLength: 8 }),
    numPages: fc.integer({ min: 9, max: 20 }),
    maxPagesOnDisk: fc.integer({ min: 2, max: 40 }),
    speeds: fc.array(fc.nat(5), { minLength: 1, maxLength: 20 }),
    damageAt: fc.oneof(fc.constant(-1), fc.nat(40)),
    endAt: fc.oneof(fc.constant(-1), fc.constant(-1), fc.nat(60)),
  });

  /** A cancellation that comes before its request is none. */
  const isCancelled = ({ atTurn, cancelAtTurn }: { atTurn: number; cancelAtTurn: number }): boolean =>
    cancelAtTurn !== Infinity && cancelAtTurn > atTurn;

  it('is not to be seen in any text, whatever the disk and others do', async () => {
    const path = tempDirectory();
    const alone = new Map<string, number[]>();
    await fc.assert(
      fc.asyncProperty(run, async ({ arrivals, numPages, maxPagesOnDisk, speeds, damageAt, endAt }) => {
        // What earlier runs left is there, as after a restart.
        const engine = new Engine({ path, numPages, maxBytes: maxPagesOnDisk * 400 });
        const isOpen = (): boolean =>
          arrivals.some((one, id) => !isCancelled(one) && !engine.finished.has(id));
        for (let turn = 0; turn <= 60 || isOpen(); turn++) {
          expect(turn).toBeLessThan(3000);
          for (const [id, { kinds, rest, cacheSalt, clientId, atTurn, cancelAtTurn }] of arrivals.entries()) {
            const request = sequenceRequest(id, textOf(kinds, rest), { cacheSalt, clientId, maxTokens: 4 });
            if (turn === atTurn) engine.core.submit(request);
            if (turn === cancelAtTurn && turn > atTurn) engine.core.cancel(id);
          }
          if (turn === damageAt) damageSome(join(path, 'pages'));
          if (turn === endAt) engine.end?.('it broke');
          await engine.turn(speeds[turn % speeds.length] ?? 1);
        }
        for (const [id, one] of arrivals.entries()) {
          if (isCancelled(one)) continue;
          const { kinds, rest } = one;
          const key = JSON.stringify([kinds, rest]);
          if (!alone.has(key)) alone.set(key, textAlone(textOf(kinds, rest), 4));
          expect(engine.outcomes.get(id)?.tokenIds).toEqual(alone.get(key));
        }
        expect(engine.core.numSeatsUsed).toBe(0);
        expect(engine.core.pageCounts.numUsed).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

/** What a text goes on with, by its logits alone. */
function textAlone(tokenIds: readonly number[], count: number): number[] {
  const all = [...tokenIds];
  for (let i = 0; i < count; i++) {
    const logits = logitsOf(all); // [vocab]
    all.push(logits.indexOf(Math.max(...logits)));
  }
  return all.slice(tokenIds.length);
}

function damageSome(pages: string): void {
  for (const [i, name] of readdirSync(pages).entries()) {
    if (i % 2 === 0) writeFileSync(join(pages, name), readFileSync(join(pages, name)).subarray(0, 40 * i));
  }
}
