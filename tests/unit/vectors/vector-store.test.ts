import { readdirSync, writeFileSync, appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { runToEnd } from '../../../src/process/in-slices.ts';
import { loadRowProducts } from '../../../src/runtime/row-products.ts';
import { planQuery } from '../../../src/vectors/query.ts';
import type { VectorIndex } from '../../../src/vectors/vector-index.ts';
import { VectorService } from '../../../src/vectors/vector-service.ts';
import { VectorStore } from '../../../src/vectors/vector-store.ts';
import type { GivenVector } from '../../../src/vectors/vector-types.ts';
import { until } from '../../support/service.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const createProducts = loadRowProducts({ native: true, numThreads: 1 });
const CONFIG = { name: 'a', dimensions: 2, metric: 'euclidean', description: '', createdOn: 'now' } as const;
/** What the stores told. */
const told: string[] = [];
const CLOSED = new EngineError('engine_not_ready', 'closed');
const NO_BOUND = (): void => undefined;

const storeOf = (folder: string, maxBytes = 2 ** 24): VectorStore =>
  new VectorStore({ folder, maxBytes, createProducts, tell: (line) => void told.push(line) });

function open(store: VectorStore): VectorIndex {
  const index = store.open('a');
  runToEnd(index.loaded());
  return index;
}

const vector = (id: string, x: number, more: Partial<GivenVector> = {}): GivenVector => ({
  id,
  values: Float32Array.of(x, 0),
  namespace: undefined,
  metadata: undefined,
  ...more,
});

const idsNear = (index: VectorIndex, x: number, more: object = {}): string[] =>
  runToEnd(index.query(planQuery({ vector: [x, 0], topK: 100, ...more }, 2))).map(({ id }) => id);

describe('a store that is opened again', () => {
  it('has all that was put, and not what was deleted', () => {
    const folder = tempDirectory();
    const store = storeOf(folder);
    store.create(CONFIG);
    const index = open(store);
    index.addProperty('kind', 'string');
    index.put(
      'insert',
      [vector('one', 1), vector('two', 2, { metadata: '{"kind":"b"}' }), vector('three', 3)],
      NO_BOUND,
    );
    index.deleteByIds(['one']);
    index.put('upsert', [vector('two', 20, { metadata: '{"kind":"c"}', namespace: 'n' })], NO_BOUND);
    const before = { info: index.info(), properties: index.properties() };
    store.forget('a', index, CLOSED);
    const again = open(storeOf(folder));
    expect({ info: again.info(), properties: again.properties() }).toEqual(before);
    expect(idsNear(again, 0)).toEqual(['three', 'two']);
    expect(idsNear(again, 0, { filter: { kind: 'c' }, namespace: 'n' })).toEqual(['two']);
    expect(again.getByIds(['two'])).toEqual([
      { id: 'two', namespace: 'n', metadata: { kind: 'c' }, values: [20, 0] },
    ]);
  });

  it('has a metadata index for those alone that were put after it was made', () => {
    const folder = tempDirectory();
    const store = storeOf(folder);
    store.create(CONFIG);
    const index = open(store);
    const metadata = '{"kind":"b"}';
    index.put('insert', [vector('before', 1, { metadata })], NO_BOUND);
    index.addProperty('kind', 'string');
    index.put('insert', [vector('after', 2, { metadata })], NO_BOUND);
    const check = (one: VectorIndex): void =>
      expect(idsNear(one, 0, { filter: { kind: 'b' } })).toEqual(['after']);
    check(index);
    store.forget('a', index, CLOSED);
    check(open(storeOf(folder)));
  });

  it('is what a map would be, whatever is done', () => {
    const operation = fc.record({
      mode: fc.constantFrom('insert', 'upsert', 'delete', 'reopen'),
      ids: fc.array(fc.constantFrom('a', 'b', 'c', 'd\u0000', 'd', 'é', '__proto__'), { maxLength: 5 }),
      x: fc.integer({ min: -50, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
        const folder = tempDirectory();
        let store = storeOf(folder);
        store.create(CONFIG);
        let index = open(store);
        const model = new Map<string, number>();
        for (const { mode, ids, x } of operations) {
          if (mode === 'reopen') {
            store.forget('a', index, CLOSED);
            store = storeOf(folder);
            index = open(store);
          } else if (mode === 'delete') {
            index.deleteByIds(ids);
            ids.forEach((id) => model.delete(id));
          } else {
            index.put(
              mode,
              ids.map((id, place) => vector(id, x + place)),
              NO_BOUND,
            );
            ids.forEach((id, place) => {
              if (mode === 'upsert' || !model.has(id)) model.set(id, x + place);
            });
          }
          const stored = index.getByIds([...model.keys()]).map(({ id, values }) => [id, values?.[0]]);
          expect(stored).toEqual([...model]);
          expect(index.info().numVectors).toBe(model.size);
          expect(idsNear(index, 0).sort()).toEqual([...model.keys()].sort());
        }
        store.forget('a', index, CLOSED);
      }),
      { numRuns: 25 },
    );
  });
});

describe('bounds', () => {
  it('takes no more bytes than it may, of all indexes together', () => {
    const store = storeOf(tempDirectory(), 200_000);
    store.create(CONFIG);
    const index = open(store);
    const big = (count: number): GivenVector[] =>
      Array.from({ length: count }, (_, i) =>
        vector(`${i}`, i, { metadata: JSON.stringify({ a: 'x'.repeat(1000) }) }),
      );
    const put = (count: number): string =>
      index.put('upsert', big(count), (numBytes) => store.checkRoom(numBytes));
    put(50);
    expect(() => put(200)).toThrow(/VECTORIZE_MB/);
    expect(index.info().numVectors).toBe(50);
  });

  it("is one process's at a time", () => {
    const folder = tempDirectory();
    const store = storeOf(folder);
    store.create(CONFIG);
    open(store);
    expect(() => storeOf(folder).open('a')).toThrow(new RegExp(`used by the process ${process.pid}`));
  });
});

it('forgets what of a change was on disk when its process died', () => {
  const folder = tempDirectory();
  const store = storeOf(folder);
  store.create(CONFIG);
  const index = open(store);
  index.put('insert', [vector('one', 1)], NO_BOUND);
  store.forget('a', index, CLOSED);
  // Numbers without a vector, and an index that is half made.
  appendFileSync(join(folder, 'a/values.f32'), Buffer.alloc(20, 7));
  writeFileSync(join(folder, '.new-half'), '');
  const again = open(storeOf(folder));
  expect(statSync(join(folder, 'a/values.f32')).size).toBe(8);
  expect(idsNear(again, 0)).toEqual(['one']);
  expect(again.config).toEqual(CONFIG);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const caller = { clientId: 'me', signal: new AbortController().signal };

it('a process that has nothing to do ends, so that another one may open its indexes, and is there again', async () => {
  const folder = tempDirectory();
  const service = new VectorService({ folder, maxBytes: 2 ** 28, native: true }, 50);
  onTestFinished(() => service.stop());
  await service.ask({ type: 'create', config: CONFIG }, caller);
  const bytes = Buffer.from('{"id":"one","values":[1,2]}');
  const batch = { contentType: '', maxVectors: 10, discardsUnreadable: false };
  await service.put(bytes, { type: 'put', index: 'a', mode: 'insert' }, batch, caller);
  const { pid = 0 } = service;
  await until(() => !isAlive(pid));
  const store = storeOf(folder);
  const index = open(store);
  expect(idsNear(index, 0)).toEqual(['one']);
  store.forget('a', index, CLOSED);
  expect(JSON.parse(await service.ask({ type: 'info', index: 'a' }, caller))).toMatchObject({
    vectorCount: 1,
  });
  expect(service.pid).not.toBe(pid);
});

describe('a process that is killed', () => {
  it(
    'in the middle of changes: each batch is there as a whole or not at all',
    { timeout: 120_000 },
    async () => {
      const folder = tempDirectory();
      const service = new VectorService({ folder, maxBytes: 2 ** 28, native: true });
      onTestFinished(() => service.stop());
      await service.ask({ type: 'create', config: { ...CONFIG, dimensions: 64 } }, caller);
      const size = 300;
      const put = (batch: number): Promise<string> => {
        const lines = Array.from({ length: size }, (_, i) =>
          // All batches have the same ids: each replaces all of the one before.
          JSON.stringify({ id: `${i}`, values: Array<number>(64).fill(batch + 1), metadata: { batch } }),
        );
        const rest = { contentType: '', maxVectors: 5000, discardsUnreadable: false };
        return service.put(
          Buffer.from(lines.join('\n')),
          { type: 'put', index: 'a', mode: 'upsert' },
          rest,
          caller,
        );
      };
      let answered = -1;
      for (let round = 0; round < 10; round++) {
        const batches = [0, 1, 2, 3].map(async (place) => {
          const batch = 4 * round + place;
          await put(batch).then(
            () => (answered = batch),
            () => undefined,
          );
        });
        await new Promise((resolve) => setTimeout(resolve, 40 + 37 * round));
        if (service.pid !== undefined) process.kill(service.pid, 'SIGKILL');
        await Promise.all(batches);
        const ask = (): Promise<string> => service.ask({ type: 'info', index: 'a' }, caller);
        const info = JSON.parse(await ask().catch(ask)) as { vectorCount: number };
        expect([0, size]).toContain(info.vectorCount);
        if (info.vectorCount === 0) {
          expect(answered).toBe(-1);
          continue;
        }
        const ids = Array.from({ length: size }, (_, i) => `${i}`);
        const found = JSON.parse(await service.ask({ type: 'getByIds', index: 'a', ids }, caller)) as {
          values: number[];
          metadata: { batch: number };
        }[];
        const [{ metadata: { batch: kept } } = { metadata: { batch: -1 } }] = found;
        // Those of one round come at once, so any of them may be the last.
        expect(kept).toBeGreaterThanOrEqual(answered - (answered % 4));
        answered = kept;
        for (const { values, metadata } of found) {
          expect(metadata.batch).toBe(kept);
          expect(new Set(values)).toEqual(new Set([kept + 1]));
        }
      }
      expect(answered).toBeGreaterThan(0);
      expect(readdirSync(folder)).toEqual(['a']);
    },
  );
});
