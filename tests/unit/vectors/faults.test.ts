import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runToEnd } from '../../../src/process/in-slices.ts';
import { readVectors } from '../../../src/vectors/read-vectors.ts';
import { SlotTable } from '../../../src/vectors/slot-table.ts';
import { VectorService } from '../../../src/vectors/vector-service.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const configOf = (name: string, dimensions = 2) =>
  ({ name, dimensions, metric: 'euclidean', description: '', createdOn: 'now' }) as const;
const caller = { clientId: 'me', signal: new AbortController().signal };

function serve(folder: string): VectorService {
  const service = new VectorService({ folder, maxBytes: 2 ** 30, native: true });
  onTestFinished(() => service.stop());
  return service;
}

const put = (service: VectorService, index: string, vectors: object[]): Promise<string> =>
  service.put(
    Buffer.from(vectors.map((one) => JSON.stringify(one)).join('\n')),
    { type: 'put', index, mode: 'insert' },
    { contentType: '', maxVectors: 5000, discardsUnreadable: false },
    caller,
  );

const listed = async (service: VectorService): Promise<string[]> =>
  (JSON.parse(await service.ask({ type: 'list' }, caller)) as { name: string }[]).map(({ name }) => name);

/** Of two indexes with a vector each, `damaged` and `sound`, whose process has ended. */
let template = '';

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'tokenflare-test-'));
  const service = new VectorService({ folder: template, maxBytes: 2 ** 30, native: true });
  for (const name of ['damaged', 'sound']) {
    await service.ask({ type: 'create', config: configOf(name) }, caller);
    await put(service, name, [{ id: 'one', values: [1, 2], metadata: { kind: 'a' } }]);
  }
  await service.stop();
}, 60_000);

afterAll(() => rmSync(template, { recursive: true }));

function twoIndexes(): string {
  const folder = tempDirectory();
  cpSync(template, folder, { recursive: true });
  return folder;
}

describe('an index that is damaged', () => {
  const damages: Record<string, (path: string) => void> = {
    'a configuration that is no JSON': (path) => writeFileSync(join(path, 'index.json'), '{"name":'),
    'an empty configuration': (path) => writeFileSync(join(path, 'index.json'), ''),
    'a configuration of too many dimensions': (path) =>
      writeFileSync(join(path, 'index.json'), JSON.stringify(configOf('damaged', 1e9))),
    'a configuration of other dimensions': (path) =>
      writeFileSync(join(path, 'index.json'), JSON.stringify(configOf('damaged', 1))),
    'a configuration that is a folder': (path) => {
      rmSync(join(path, 'index.json'));
      mkdirSync(join(path, 'index.json'));
    },
    'rows of zeros': (path) => writeFileSync(join(path, 'rows.sqlite'), Buffer.alloc(8192)),
    'rows that are no database': (path) => writeFileSync(join(path, 'rows.sqlite'), 'x'.repeat(8192)),
    'half of its rows': (path) => truncateSync(join(path, 'rows.sqlite'), 5000),
    'empty rows': (path) => truncateSync(join(path, 'rows.sqlite'), 0),
    'no rows': (path) => rmSync(join(path, 'rows.sqlite')),
    'no numbers': (path) => truncateSync(join(path, 'values.f32'), 0),
    'no file of numbers': (path) => rmSync(join(path, 'values.f32')),
  };
  it.each(Object.entries(damages))('%s: the others are used, and it can be deleted', async (_, damage) => {
    const folder = twoIndexes();
    const before = readFileSync(join(folder, 'damaged/values.f32'));
    damage(join(folder, 'damaged'));
    const service = serve(folder);
    await service.ask({ type: 'info', index: 'sound' }, caller);
    const { pid } = service;
    expect(await listed(service)).toContain('sound');
    const info = service.ask({ type: 'info', index: 'damaged' }, caller);
    await expect(info).rejects.toMatchObject({
      code: expect.stringMatching(/internal|backend_failure/) as string,
    });
    await service.ask({ type: 'create', config: configOf('new') }, caller);
    await put(service, 'sound', [{ id: 'two', values: [1, 2] }]);
    expect(await service.ask({ type: 'info', index: 'sound' }, caller)).toContain('"vectorCount":2');
    // Nothing is cut off a file that is read askew.
    const after = statSync(join(folder, 'damaged/values.f32'), { throwIfNoEntry: false });
    expect([0, before.length]).toContain(after?.size ?? 0);
    await service.ask({ type: 'delete', index: 'damaged' }, caller);
    expect(await listed(service)).toEqual(['new', 'sound']);
    expect(service.pid).toBe(pid);
  });

  it('in the numbers and the metadata of a vector: all others are found', async () => {
    const folder = twoIndexes();
    const values = join(folder, 'damaged/values.f32');
    writeFileSync(values, Buffer.concat([Buffer.from(Float32Array.of(Infinity, NaN).buffer)]));
    const service = serve(folder);
    await put(service, 'damaged', [{ id: 'two', values: [3, 4] }]);
    const query = { vector: [0, 0], topK: 5 };
    const answer = JSON.parse(await service.ask({ type: 'query', index: 'damaged', query }, caller)) as {
      matches: { id: string }[];
    };
    expect(answer.matches.map(({ id }) => id)).toEqual(['two']);
  });
});

describe('an index that is deleted', () => {
  it('ends the jobs that are at it, and no others', async () => {
    const service = serve(tempDirectory());
    for (const name of ['a', 'b']) await service.ask({ type: 'create', config: configOf(name, 512) }, caller);
    const many = (count: number): object[] =>
      Array.from({ length: count }, (_, i) => ({ id: `${i}`, values: Array<number>(512).fill(i) }));
    await put(service, 'b', many(10));
    const { pid } = service;
    const busy = ['x', 'y', 'z'].map(async (clientId) =>
      service.put(
        Buffer.from(
          many(5000)
            .map((one) => JSON.stringify(one))
            .join('\n'),
        ),
        { type: 'put', index: 'a', mode: 'upsert' },
        { contentType: '', maxVectors: 5000, discardsUnreadable: false },
        { ...caller, clientId },
      ),
    );
    const settled = Promise.allSettled(busy);
    await Promise.race(busy.map((one) => one.catch(() => undefined)));
    await service.ask({ type: 'delete', index: 'a' }, { ...caller, clientId: 'other' });
    const outcomes = await settled;
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'not_found' });
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
    expect(await service.ask({ type: 'info', index: 'b' }, caller)).toContain('"vectorCount":10');
    expect(service.pid).toBe(pid);
  }, 60_000);
});

/** A folder that is a disk of its own. */
function smallDisk(megabytes: number): string {
  const folder = tempDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}

const canMount = process.getuid?.() === 0 && process.platform === 'linux';

describe.runIf(canMount)('the system', () => {
  it('has a full disk: the insert is refused, and what was acknowledged is kept', async () => {
    const folder = smallDisk(2);
    const service = serve(folder);
    await service.ask({ type: 'create', config: configOf('a', 512) }, caller);
    const { pid } = service;
    let numKept = 0;
    const fill = async (): Promise<void> => {
      for (; ; numKept++) await put(service, 'a', [{ id: `${numKept}`, values: Array<number>(512).fill(1) }]);
    };
    await expect(fill()).rejects.toMatchObject({ code: 'backend_failure' });
    expect(await service.ask({ type: 'info', index: 'a' }, caller)).toContain(`"vectorCount":${numKept}`);
    execFileSync('mount', ['-o', 'remount,size=8m', folder]);
    await put(service, 'a', [{ id: 'last', values: Array<number>(512).fill(1) }]);
    expect(service.pid).toBe(pid);
    await service.stop();
    const again = serve(folder);
    expect(await again.ask({ type: 'info', index: 'a' }, caller)).toContain(`"vectorCount":${numKept + 1}`);
  }, 60_000);

  it('has no more file handles: questions fail, and are answered when it has some again', async () => {
    const folder = twoIndexes();
    const service = serve(folder);
    await service.ask({ type: 'info', index: 'sound' }, caller);
    const pid = service.pid ?? 0;
    const limit = (count: string): void =>
      void execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${count}:4096`]);
    limit('8');
    await expect(service.ask({ type: 'info', index: 'damaged' }, caller)).rejects.toMatchObject({
      name: 'EngineError',
    });
    await expect(service.ask({ type: 'list' }, caller)).rejects.toMatchObject({ code: 'backend_failure' });
    const made = service.ask({ type: 'create', config: configOf('new') }, caller);
    await expect(made).rejects.toMatchObject({ code: 'backend_failure' });
    expect(await service.ask({ type: 'info', index: 'sound' }, caller)).toContain('"vectorCount":1');
    limit('4096');
    expect(await service.ask({ type: 'info', index: 'damaged' }, caller)).toContain('"vectorCount":1');
    expect(await listed(service)).toEqual(['damaged', 'sound']);
    expect(service.pid).toBe(pid);
  });
});

it('counts lines that are empty', () => {
  const bytes = Buffer.alloc(1e8, '\n');
  const batch = { bytes, maxVectors: 5000, discardsUnreadable: true };
  let numSlices = 0;
  const reading = readVectors(batch, 2);
  expect(() => {
    while (reading.next().done !== true) numSlices++;
  }).toThrow('too many lines');
  expect(numSlices).toBeLessThan(10_000);
});

it('gives each free slot once, and loads an index without its first half in no more time than with it', () => {
  const table = new SlotTable([]);
  const row = (slot: number) => ({ slot, id: '', namespace: undefined, metadata: undefined, put: 1 });
  const startedAt = performance.now();
  const count = 400_000;
  for (let slot = count; slot < 2 * count; slot++) table.put(row(slot), 1);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  const numGiven = new Uint8Array(2 * count);
  for (let numPut = 0; numPut < count; numPut += 5000) {
    for (const slot of table.freeSlots(5000)) {
      numGiven[slot] = (numGiven[slot] ?? 0) + 1;
      table.put(row(slot), 1);
      // Its place in the list of free ones changes in between.
      if (slot % 7 !== 0) continue;
      table.remove(slot + count);
      table.put(row(slot + count), 1);
    }
  }
  expect(numGiven.every((number, slot) => number === (slot < count ? 1 : 0))).toBe(true);
  expect(table.numVectors).toBe(2 * count);
  expect(table.freeSlots(1)).toEqual([2 * count]);
  expect(runToEnd(table.maskOf(undefined, [])).every((one) => one === 1)).toBe(true);
}, 60_000);
