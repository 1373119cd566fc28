import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOf, DocumentBatches, groupsOf, piecesOf } from '../../../training/document-batches.ts';

const END = 0;

/** A stream as training has it: the end before the first document and behind each. */
const streamOf = (documents: readonly (readonly number[])[]): Int32Array =>
  Int32Array.from([END, ...documents.flatMap((tokens) => [...tokens, END])]);

describe('piecesOf', () => {
  it('has each document with its end, and long ones in stretches of the context', () => {
    const tokens = streamOf([[1, 2, 3], [], [4], [5, 6, 7, 8, 9, 10]]);
    const pieces = piecesOf(tokens, END, 4).map(({ start, end }) => [...tokens.subarray(start, end)]);
    expect(pieces).toEqual([
      [1, 2, 3, END],
      [4, END],
      [5, 6, 7, 8, 9],
      [9, 10, END],
    ]);
  });
});

describe('batchOf', () => {
  it('begins each document at position 0, and fills up with ends', () => {
    const tokens = streamOf([
      [1, 2, 3],
      [4, 5],
    ]);
    const batch = batchOf(tokens, piecesOf(tokens, END, 16), END);
    expect(batch).toMatchObject({ numSequences: 2, seqLen: 8 });
    expect([...batch.ids]).toEqual([1, 2, 3, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0, 0]);
    expect([...batch.targets]).toEqual([2, 3, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('DocumentBatches', () => {
  const documents = fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }), {
    minLength: 1,
    maxLength: 30,
  });

  it('reads every document once in each epoch, in another order, and never more rows than there is room for', () => {
    fc.assert(
      fc.property(documents, fc.integer(), (texts, seed) => {
        const tokens = streamOf(texts);
        const options = { endId: END, contextLength: 32, maxRows: 64, seed };
        const batches = new DocumentBatches(tokens, options);
        const wanted = piecesOf(tokens, END, 32).map(({ start, end }) =>
          tokens.subarray(start + 1, end).join(),
        );
        let step = 0;
        for (let epoch = 0; epoch < 2; epoch++) {
          const read: string[] = [];
          while (read.length < wanted.length) {
            const { targets, numSequences, seqLen } = batches.batch(step++);
            expect(numSequences * seqLen).toBeLessThanOrEqual(64);
            expect(seqLen % 8).toBe(0);
            for (let i = 0; i < numSequences; i++) {
              const row = [...targets.subarray(i * seqLen, (i + 1) * seqLen)];
              const end = row.indexOf(END);
              read.push(row.slice(0, end === -1 ? seqLen : end + 1).join());
            }
          }
          expect(read.sort()).toEqual([...wanted].sort());
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has the same batch for a step whatever was asked before', () => {
    const tokens = streamOf(Array.from({ length: 50 }, (_, i) => [1 + (i % 7), 2, 3, i + 1]));
    const options = { endId: END, contextLength: 8, maxRows: 16, seed: 5 };
    const inOrder = new DocumentBatches(tokens, options);
    const expected = Array.from({ length: 80 }, (_, step) => inOrder.batch(step));
    const jumping = new DocumentBatches(tokens, options);
    for (const step of [70, 3, 79, 26, 24, 25]) expect(jumping.batch(step)).toEqual(expected[step]);
  });

  it('refuses a corpus without a document', () => {
    const options = { endId: END, contextLength: 8, maxRows: 16, seed: 5 };
    expect(() => new DocumentBatches(Int32Array.of(END, END), options)).toThrow(/no document/);
  });
});

it('groups neighbours up to the rows that there are', () => {
  const pieces = [8, 8, 16, 24].map((length) => ({ start: 0, end: length + 1 }));
  expect(groupsOf(pieces, 32).map((group) => group.length)).toEqual([2, 1, 1]);
});
