import * as fc from 'fast-check';

/** Bytes that take the place of others. */
export interface ByteMutation {
  at: number;
  /** How many go. */
  cut: number;
  put: Uint8Array;
}

/** Bytes written over others, 64-bit numbers among them, bytes cut out or put in, an end cut off. */
export function byteMutation(headerBytes: number): fc.Arbitrary<ByteMutation> {
  const at = fc.nat(headerBytes - 9);
  const over = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<ByteMutation> =>
    fc.record({ at, put: bytes }).map(({ at: start, put }) => ({ at: start, cut: put.length, put }));
  return fc.oneof(
    over(fc.uint8Array({ minLength: 1, maxLength: 8 })),
    over(fc.bigInt(0n, (1n << 64n) - 1n).map(littleEndian)),
    fc.record({ at, cut: fc.nat(40), put: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ at, cut: fc.constant(Infinity), put: fc.constant(new Uint8Array()) }),
  );
}

export function mutateBytes(whole: Buffer, mutations: readonly ByteMutation[]): Buffer {
  return mutations.reduce(
    (bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
    whole,
  );
}

function littleEndian(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
