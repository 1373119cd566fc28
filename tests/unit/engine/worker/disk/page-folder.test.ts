import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DiskNote } from '../../../../../src/engine/protocol.ts';
import type { FromDisk } from '../../../../../src/engine/worker/disk/disk-protocol.ts';
import { DiskWork } from '../../../../../src/engine/worker/disk/disk-work.ts';
import { HEADER_BYTES } from '../../../../../src/engine/worker/disk/page-file.ts';
import { PageFolder } from '../../../../../src/engine/worker/disk/page-folder.ts';
import { fileNameOf, ownerTagOf, pageKey, rootKey } from '../../../../../src/engine/worker/disk/page-name.ts';
import { tempDirectory } from '../../../../support/temp-directory.ts';

const PAGE_BYTES = 1000;
const SPACE = '0123456789abcdef';
const bytesOf = (seed: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: PAGE_BYTES }, (_, i) => (i * 31 + seed * 7) & 255);
const nameOf = (seed: number, owner = 'a', salt?: string, spaceTag = SPACE): string =>
  fileNameOf({ spaceTag, ownerTag: ownerTagOf(owner), key: pageKey(rootKey(spaceTag, salt), [seed]) });

function open(
  path = tempDirectory(),
  maxBytes = 100 * PAGE_BYTES,
): { folder: PageFolder; pages: string; path: string } {
  return { folder: new PageFolder({ path, maxBytes }), pages: join(path, 'pages'), path };
}

function readOf(folder: PageFolder, name: string): { outcome: string; bytes: Uint8Array } {
  const bytes = new Uint8Array(PAGE_BYTES);
  return { outcome: folder.read(name, bytes), bytes };
}

describe('PageFolder', () => {
  it('gives back what it was given, in files that nobody else may read', () => {
    const { folder, pages } = open();
    expect(readOf(folder, nameOf(1)).outcome).toBe('missing');
    expect(folder.write(nameOf(1), bytesOf(1), Date.now())).toBe(true);
    expect(folder.write(nameOf(1), bytesOf(1), Date.now())).toBe(false);
    expect(readOf(folder, nameOf(1))).toEqual({ outcome: 'read', bytes: bytesOf(1) });
    expect(readdirSync(pages)).toEqual([nameOf(1)]);
    if (process.platform === 'win32') return;
    expect(statSync(pages).mode & 0o777).toBe(0o700);
    expect(statSync(join(pages, nameOf(1))).mode & 0o777).toBe(0o600);
  });

  it.each<[string, (file: string) => void, string]>([
    ['is cut off', (file) => truncateSync(file, HEADER_BYTES + 5), 'truncated'],
    ['is empty', (file) => truncateSync(file, 0), 'truncated'],
    ['is longer than it says', (file) => writeFileSync(file, 'x', { flag: 'a' }), 'too long'],
    ['says that it is huge', (file) => truncateSync(file, 2 ** 40), 'too long'],
    ['has another bit', (file) => flipBit(file, HEADER_BYTES + 17), 'damaged'],
    ['has another bit in its header', (file) => flipBit(file, 50), 'damaged'],
  ])('does not take a file that %s for a page', (_, damage, outcome) => {
    const { folder, pages } = open();
    folder.write(nameOf(1), bytesOf(1), Date.now());
    damage(join(pages, nameOf(1)));
    expect(readOf(folder, nameOf(1)).outcome).toBe(outcome);
  });

  it.each([
    ['of another model', nameOf(1, 'a', undefined, 'fedcba9876543210')],
    ['of another salt', nameOf(1, 'a', 'other')],
    ['of other tokens', nameOf(2)],
  ])('does not take a page %s for the one that its name says', (_, other) => {
    const { folder, pages } = open();
    folder.write(other, bytesOf(1), Date.now());
    renameSync(join(pages, other), join(pages, nameOf(1)));
    expect(readOf(folder, nameOf(1)).outcome).toBe('foreign');
  });

  it.skipIf(process.platform === 'win32')('follows no link, and reads no folder or pipe', () => {
    const { folder, pages, path } = open();
    folder.write(nameOf(1), bytesOf(1), Date.now());
    renameSync(join(pages, nameOf(1)), join(path, 'elsewhere'));
    symlinkSync(join(path, 'elsewhere'), join(pages, nameOf(1)));
    mkdirSync(join(pages, nameOf(2)));
    execFileSync('mkfifo', [join(pages, nameOf(3))]);
    for (const seed of [1, 2, 3]) expect(readOf(folder, nameOf(seed)).outcome).toBe('foreign');
    // What takes the place of a link leaves alone what the link leads to.
    const secret = readFileSync(join(path, 'elsewhere'));
    folder.scan();
    folder.remove([nameOf(1)]);
    expect(folder.write(nameOf(1), bytesOf(9), Date.now())).toBe(true);
    expect(readFileSync(join(path, 'elsewhere'))).toEqual(secret);
    expect(lstatSync(join(pages, nameOf(1))).isFile()).toBe(true);
  });

  it('leaves thousands of files of others alone, and does not count them', () => {
    const { folder, pages, path } = open(tempDirectory(), 3 * (PAGE_BYTES + HEADER_BYTES));
    for (let i = 0; i < 3000; i++) writeFileSync(join(pages, `file ${i}.page`), '');
    folder.scan();
    expect(folder.numBytes).toBe(0);
    for (let i = 0; i < 8; i++) folder.write(nameOf(i), bytesOf(i), i);
    expect(readdirSync(pages).filter((name) => name.startsWith('file')).length).toBe(3000);
    expect(new PageFolder({ path, maxBytes: 1e9 }).numBytes).toBeLessThanOrEqual(
      3 * (PAGE_BYTES + HEADER_BYTES),
    );
  });

  it('keeps the bound by the least recently used of whom has most, of a text its end first', () => {
    const { folder } = open(tempDirectory(), 8 * (PAGE_BYTES + HEADER_BYTES));
    folder.write(nameOf(100, 'b'), bytesOf(100), 1);
    for (let i = 0; i < 6; i++) folder.write(nameOf(i), bytesOf(i), 1000 + i);
    folder.touch([nameOf(0), nameOf(1), nameOf(2)], 5000);
    for (let i = 10; i < 14; i++) folder.write(nameOf(i), bytesOf(i), 3000 + i);
    expect(readOf(folder, nameOf(100, 'b')).outcome).toBe('read');
    expect(readOf(folder, nameOf(0)).outcome).toBe('read');
    expect(readOf(folder, nameOf(3)).outcome).toBe('missing');
    expect(folder.numBytes).toBeLessThanOrEqual(8 * (PAGE_BYTES + HEADER_BYTES));
    expect(() =>
      new PageFolder({ path: tempDirectory(), maxBytes: 10 }).write(nameOf(1), bytesOf(1), 1),
    ).toThrow('PREFIX_CACHE_DISK_MB');
  });

  it('is shared with another process: what that one wrote is there, what it dropped is a miss', () => {
    const { folder, path } = open();
    const other = new PageFolder({ path, maxBytes: 100 * PAGE_BYTES });
    folder.write(nameOf(1), bytesOf(1), Date.now());
    other.write(nameOf(1), bytesOf(1), Date.now());
    other.write(nameOf(2), bytesOf(2), Date.now());
    expect(readOf(folder, nameOf(2))).toEqual({ outcome: 'read', bytes: bytesOf(2) });
    other.remove([nameOf(1)]);
    expect(readOf(folder, nameOf(1)).outcome).toBe('missing');
    folder.remove([nameOf(1)]);
    folder.touch([nameOf(1)], Date.now());
    folder.scan();
    expect(folder.numBytes).toBe(PAGE_BYTES + HEADER_BYTES);
  });

  it('drops what a killed process left half written, once it is old', () => {
    const { folder, pages } = open();
    const [old, fresh] = ['a', 'b'].map((digit) => join(pages, `${digit.repeat(32)}.part`));
    for (const part of [old, fresh]) writeFileSync(part ?? '', 'half');
    utimesSync(old ?? '', 1, 1);
    folder.scan();
    expect(readdirSync(pages)).toEqual([`${'b'.repeat(32)}.part`]);
  });

  it.skipIf(process.platform === 'win32')(
    'is refused where others may look into it, or where it is a link',
    () => {
      const { path, pages } = open();
      chmodSync(pages, 0o755);
      expect(() => new PageFolder({ path, maxBytes: 1e6 })).toThrow('others may look into it');
      const linked = tempDirectory();
      symlinkSync(pages, join(linked, 'pages'));
      expect(() => new PageFolder({ path: linked, maxBytes: 1e6 })).toThrow('no folder');
    },
  );
});

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  writeFileSync(file, bytes);
}

describe('DiskWork', () => {
  function work(path: string): { answers: FromDisk[]; work: DiskWork; notes: () => DiskNote['kind'][] } {
    const answers: FromDisk[] = [];
    const data = { path, maxBytes: 1e6, spaceTag: SPACE };
    let now = 0;
    const disk = new DiskWork(
      data,
      (answer) => answers.push(answer),
      () => (now += 10_000),
    );
    const notes = (): DiskNote['kind'][] =>
      answers.flatMap((answer) => (answer.type === 'problem' ? [answer.problem.kind] : []));
    return { answers, work: disk, notes };
  }
  const read = (load: number, name: string) =>
    ({ type: 'read', load, name, bytes: new Uint8Array(PAGE_BYTES) }) as const;
  const write = (seed: number) =>
    ({ type: 'write', name: nameOf(seed), bytes: bytesOf(seed), usedAtMs: 1 }) as const;

  it('tells which pages of its model there are, and of changes', () => {
    const path = tempDirectory();
    const { folder } = open(path);
    folder.write(nameOf(1), bytesOf(1), 1);
    folder.write(nameOf(1, 'a', undefined, 'fedcba9876543210'), bytesOf(1), 1);
    const { answers, work: disk } = work(path);
    const numBytes = PAGE_BYTES + HEADER_BYTES;
    expect(answers).toEqual([{ type: 'files', added: [nameOf(1)], gone: [], numBytes }]);
    disk.run(write(2));
    expect(answers.slice(1)).toEqual([
      { type: 'written', outcome: 'written', bytes: bytesOf(2) },
      { type: 'files', added: [nameOf(2)], gone: [], numBytes: 2 * numBytes },
    ]);
    disk.run({ type: 'remove', names: [nameOf(1), nameOf(77)] });
    expect(answers.at(-1)).toEqual({ type: 'files', added: [], gone: [nameOf(1)], numBytes });
  });

  it('makes a miss of a damaged page, says so, drops it, and reads nothing behind it', () => {
    const path = tempDirectory();
    const { answers, work: disk, notes } = work(path);
    for (const seed of [1, 2, 3]) disk.run(write(seed));
    flipBit(join(path, 'pages', nameOf(2)), 500);
    answers.length = 0;
    for (const seed of [1, 2, 3]) disk.run(read(5, nameOf(seed)));
    const outcomes = answers.flatMap((answer) => (answer.type === 'read' ? [answer.isThere] : []));
    expect(outcomes).toEqual([true, false, false]);
    expect(notes()).toEqual(['damaged']);
    expect(readdirSync(join(path, 'pages')).toSorted()).toEqual([nameOf(1), nameOf(3)].toSorted());
    disk.run(read(6, nameOf(3)));
    expect(answers.at(-1)).toMatchObject({ type: 'read', isThere: true });
  });

  it('answers each message where there is no folder to be had, and tries again later', () => {
    const path = join(tempDirectory(), 'file');
    writeFileSync(path, '');
    const { answers, work: disk, notes } = work(path);
    for (let i = 0; i < 10; i++) {
      disk.run(read(i, nameOf(1)));
      disk.run(write(1));
    }
    disk.run({ type: 'touch', names: [nameOf(1)], usedAtMs: 1 });
    expect(answers.filter((answer) => answer.type === 'read' && !answer.isThere).length).toBe(10);
    expect(answers.filter((answer) => answer.type === 'written' && answer.outcome === 'failed').length).toBe(
      10,
    );
    expect(new Set(notes())).toEqual(new Set(['unusable']));
    expect(notes().length).toBeGreaterThan(1);
  });

  it('stops writing for a while where the disk refuses, and then writes again', () => {
    const path = tempDirectory();
    const { answers, work: disk, notes } = work(path);
    renameSync(join(path, 'pages'), join(path, 'gone'));
    for (let i = 0; i < 2; i++) disk.run(write(i));
    expect(notes()).toEqual(['unwritable']);
    mkdirSync(join(path, 'pages'), { mode: 0o700 });
    for (let i = 2; i < 8; i++) disk.run(write(i));
    const outcomes = answers.flatMap((answer) => (answer.type === 'written' ? [answer.outcome] : []));
    expect(outcomes.slice(0, 2)).toEqual(['failed', 'failed']);
    expect(outcomes.at(-1)).toBe('written');
  });
});
