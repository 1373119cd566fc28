import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeHeader,
  faultOf,
  faultOfLength,
  HEADER_BYTES,
} from '../../../../../src/engine/worker/disk/page-file.ts';
import { filesToDrop, type StoredPage } from '../../../../../src/engine/worker/disk/files-to-drop.ts';
import {
  fileNameOf,
  ownerTagOf,
  pageKey,
  parseFileName,
  rootKey,
  spaceDigest,
  spaceTagOf,
} from '../../../../../src/engine/worker/disk/page-name.ts';
import { byteMutation, mutateBytes } from '../../../../support/byte-mutations.ts';

const keyOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What a reader makes of a whole file. */
function faultOfFile(key: Buffer, file: Buffer, pageBytes: number): string | undefined {
  const header = file.subarray(0, HEADER_BYTES);
  return faultOfLength(file.byteLength, pageBytes) ?? faultOf(key, header, file.subarray(HEADER_BYTES));
}

describe('a file of a page', () => {
  const anyPage = fc.record({ key: fc.string().map(keyOf), bytes: fc.uint8Array({ minLength: 1 }) });

  it('is taken for its page, and for no other', () => {
    fc.assert(
      fc.property(anyPage, fc.string().map(keyOf), ({ key, bytes }, otherKey) => {
        const file = Buffer.concat([encodeHeader(key, bytes), bytes]);
        expect(faultOfFile(key, file, bytes.length)).toBeUndefined();
        if (!otherKey.equals(key)) expect(faultOfFile(otherKey, file, bytes.length)).toBe('foreign');
        expect(faultOfFile(key, file, bytes.length + 1)).toBe('truncated');
        expect(faultOfFile(key, file, bytes.length - 1)).toBe('too long');
      }),
    );
  });

  it('is refused after any single bit is flipped', () => {
    const [key, bytes] = [keyOf('a'), Uint8Array.from({ length: 40 }, (_, i) => 7 * i)];
    const file = Buffer.concat([encodeHeader(key, bytes), bytes]);
    for (let bit = 0; bit < 8 * file.length; bit++) {
      const flipped = Buffer.from(file);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(faultOfFile(key, flipped, bytes.length)).toMatch(/foreign|damaged/);
    }
  });

  it('is refused whatever is written over it, cut out or put in', () => {
    const mutations = fc.array(byteMutation(HEADER_BYTES), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(anyPage, mutations, ({ key, bytes }, changes) => {
        const file = Buffer.concat([encodeHeader(key, bytes), bytes]);
        const changed = mutateBytes(file, changes);
        const fault = faultOfFile(key, changed, bytes.length);
        expect(fault === undefined).toBe(changed.equals(file));
      }),
      { numRuns: 500 },
    );
  });
});

describe('the name of a page', () => {
  const space = { version: '1', filesDigest: 'd', format: 'f16', numLayers: 2, numKvHeads: 3, headDim: 4, pageTokens: 64 }; // prettier-ignore

  it('differs with all that the bytes depend on', () => {
    const changes = { version: '2', filesDigest: 'e', format: 'int8', numLayers: 3, numKvHeads: 2, headDim: 8, pageTokens: 32 }; // prettier-ignore
    const digests = Object.entries(changes).map(([field, value]) =>
      spaceDigest({ ...space, [field]: value }),
    );
    expect(new Set([spaceDigest(space), ...digests]).size).toBe(8);
    const roots = [undefined, '', 'null', 'a'].map((salt) => rootKey('s', salt).toString('hex'));
    expect(new Set([...roots, rootKey('t', undefined).toString('hex')]).size).toBe(5);
  });

  it('is that of a chain of tokens', () => {
    const chain = fc.array(fc.array(fc.nat(3), { minLength: 2, maxLength: 2 }), { maxLength: 3 });
    const keyOfChain = (pages: number[][]): string =>
      pages.reduce((key, tokens) => pageKey(key, tokens), rootKey('s', undefined)).toString('hex');
    fc.assert(
      fc.property(chain, chain, (one, other) => {
        expect(keyOfChain(one) === keyOfChain(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  it('says whose it is, and nothing of a text', () => {
    const digest = spaceDigest(space);
    const key = pageKey(rootKey(digest, 'a salt'), [72, 105]);
    const name = { spaceTag: spaceTagOf(digest), ownerTag: ownerTagOf('key:a'), key };
    const file = fileNameOf(name);
    expect(file).toMatch(/^[0-9a-f]{16}-[0-9a-f]{64}-[0-9a-f]{16}\.page$/);
    expect(parseFileName(file)).toEqual(name);
    for (const other of [`../${file}`, `${file}x`, file.toUpperCase(), file.slice(1), '']) {
      expect(parseFileName(other)).toBeUndefined();
    }
  });
});

describe('filesToDrop', () => {
  const anyFile = fc.record({
    ownerTag: fc.constantFrom('a', 'b', 'c'),
    numBytes: fc.integer({ min: 1, max: 9 }),
    usedAtMs: fc.nat(50),
  });
  const anyFiles = fc
    .array(anyFile, { maxLength: 40 })
    .map((files): StoredPage[] => files.map((file, i) => ({ ...file, name: `${i}` })));
  const bytesOf = (files: readonly StoredPage[]): number =>
    files.reduce((sum, { numBytes }) => sum + numBytes, 0);

  it('keeps the bound, drops no more than it must, and of an owner the least recently used', () => {
    fc.assert(
      fc.property(anyFiles, fc.nat(200), (files, maxBytes) => {
        const dropped = filesToDrop(files, maxBytes);
        const kept = files.filter((file) => !dropped.includes(file));
        expect(bytesOf(kept)).toBeLessThanOrEqual(maxBytes);
        const last = dropped.at(-1);
        if (last !== undefined) expect(bytesOf(kept) + last.numBytes).toBeGreaterThan(maxBytes);
        for (const gone of dropped) {
          const ofOwner = kept.filter(({ ownerTag }) => ownerTag === gone.ownerTag);
          for (const file of ofOwner) expect(file.usedAtMs).toBeGreaterThanOrEqual(gone.usedAtMs);
        }
      }),
    );
  });

  it('takes nothing of an owner that has no more than its share', () => {
    fc.assert(
      fc.property(anyFiles, fc.nat(200), (files, maxBytes) => {
        const owners = new Set(files.map(({ ownerTag }) => ownerTag));
        for (const { ownerTag } of filesToDrop(files, maxBytes)) {
          const ofOwner = files.filter((file) => file.ownerTag === ownerTag);
          expect(bytesOf(ofOwner) * owners.size).toBeGreaterThan(maxBytes);
        }
      }),
    );
  });
});
