import { describe, expect, it } from 'vitest';
import { MAX_ECHO_LENGTH, clip } from '../../src/values.ts';

describe('clip', () => {
  it.each(['', 'gpt-9', 'a'.repeat(MAX_ECHO_LENGTH)])('leaves a short value as it is', (value) => {
    expect(clip(value)).toBe(value);
  });

  it('shows the beginning of a long one', () => {
    expect(clip('a'.repeat(1_000_000))).toBe(`${'a'.repeat(MAX_ECHO_LENGTH - 1)}…`);
  });

  it('cuts no character in two', () => {
    const clipped = clip('😀'.repeat(200));
    expect(clipped).toBe(`${'😀'.repeat(99)}…`);
    expect(clipped.length).toBeLessThanOrEqual(MAX_ECHO_LENGTH);
  });
});
