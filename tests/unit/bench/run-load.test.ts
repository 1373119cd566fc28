import { describe, expect, it } from 'vitest';
import type { BenchmarkTarget } from '../../../src/bench/benchmark-target.ts';
import { runLoad } from '../../../src/bench/run-load.ts';
import { Workload } from '../../../src/bench/workload.ts';

const signal = new AbortController().signal;
const load = { workload: new Workload(100, 1), promptTokens: 4, maxTokens: 2, signal };

describe('runLoad', () => {
  it('keeps just so many requests in flight, to the end', async () => {
    let inFlight = 0;
    const seen: number[] = [];
    const target: BenchmarkTarget = {
      mode: 'engine',
      async generate({ maxTokens }, onTokens) {
        seen.push(++inFlight);
        for (let i = 0; i < maxTokens; i++) {
          await new Promise((resolve) => setImmediate(resolve));
          onTokens(1);
        }
        inFlight--;
      },
    };
    const { requests } = await runLoad({ ...load, target, concurrency: 3, repeats: 4 });
    expect(requests).toHaveLength(12);
    expect(requests.every(({ eventMs, numTokens }) => eventMs.length === 2 && numTokens === 2)).toBe(true);
    expect(seen.slice(0, 3)).toEqual([1, 2, 3]);
    expect(Math.max(...seen)).toBe(3);
    expect(inFlight).toBe(0);
  });

  it('stops the other requests when one fails, and throws its error', async () => {
    const fault = new Error('the second request fails');
    let numRequests = 0;
    let numAborted = 0;
    const target: BenchmarkTarget = {
      mode: 'engine',
      generate(_request, _onTokens, requestSignal) {
        if (++numRequests === 2) return Promise.reject(fault);
        return new Promise((_resolve, reject) => {
          requestSignal.addEventListener('abort', () => {
            numAborted++;
            reject(fault);
          });
        });
      },
    };
    await expect(runLoad({ ...load, target, concurrency: 3, repeats: 2 })).rejects.toBe(fault);
    expect([numRequests, numAborted]).toEqual([3, 2]);
  });
});
