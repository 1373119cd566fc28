import { describe, expect, it } from 'vitest';
import { summariseRequests } from '../../../src/bench/latency-summary.ts';

describe('summariseRequests', () => {
  it('has the four latencies by their definitions', () => {
    const { ttftMs, tpotMs, itlMs, e2elMs } = summariseRequests([
      { startMs: 100, eventMs: [130, 140, 160], numTokens: 3 },
      // Two tokens came in one event.
      { startMs: 200, eventMs: [210, 270], numTokens: 3 },
    ]);
    expect(ttftMs?.mean).toBe((30 + 10) / 2);
    expect(e2elMs?.mean).toBe((60 + 70) / 2);
    expect(tpotMs?.mean).toBe((30 / 2 + 60 / 2) / 2);
    expect(itlMs?.mean).toBe((10 + 20 + 60) / 3);
  });

  it('has no time per token and no gap for single tokens', () => {
    const report = summariseRequests([{ startMs: 0, eventMs: [5], numTokens: 1 }]);
    expect(Object.keys(report).sort()).toEqual(['e2elMs', 'ttftMs']);
  });
});
