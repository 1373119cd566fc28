import { expect, it } from 'vitest';
import { isTooFragmented } from '../../../../src/http/edge/connections.ts';

it.each([
  [1, 1, false],
  [8192, 8192, false],
  [10_000, 10_000, true],
  // Chunks of a kilobyte, as many as a body of 32 MiB has.
  [32_768, 2 ** 25, false],
  [1_000_000, 31_000_000, true],
  [1_000_000, 32_000_000, false],
])('%i chunks of %i bytes together: %s', (numChunks, numBytes, expected) => {
  expect(isTooFragmented(numChunks, numBytes)).toBe(expected);
});
