import { describe, expect, it } from 'vitest';
import type { BenchmarkRequest, BenchmarkTarget } from '../../../../src/bench/benchmark-target.ts';
import {
  judgeable,
  measureContext,
  measurePrefix,
  NEW_TOKENS,
  ratiosOf,
  STEP_TOKENS,
} from '../../../../bench/harness/measure-bounds.ts';
import { Workload } from '../../../../src/bench/workload.ts';

/** Keeps what it is asked for, and answers at once. */
function recorder(): { target: BenchmarkTarget; requests: BenchmarkRequest[] } {
  const requests: BenchmarkRequest[] = [];
  const target: BenchmarkTarget = {
    mode: 'http',
    generate: (request, onTokens) => {
      requests.push(request);
      for (let i = 0; i < request.maxTokens; i++) onTokens(1);
      return Promise.resolve();
    },
  };
  return { target, requests };
}

const lengthOf = ({ prompts }: BenchmarkRequest): number => prompts[0]?.length ?? NaN;
const options = { workload: new Workload(1000, 1), rounds: 2, signal: new AbortController().signal };

describe('measureContext', () => {
  it('asks for steps around both contexts in turn, and has each prompt computed but once', async () => {
    const { target, requests } = recorder();
    const reading = await measureContext({ ...options, target }, [16, 100]);
    expect(reading).toMatchObject({ name: 'context', values: [expect.any(Number), expect.any(Number)] });
    const [short, long] = [16 - STEP_TOKENS / 2, 100 - STEP_TOKENS / 2];
    expect(requests.map(lengthOf)).toEqual([long, short, short, long, long, short]);
    expect(new Set(requests.map(({ maxTokens }) => maxTokens))).toEqual(new Set([STEP_TOKENS]));
    for (const length of [short, long]) {
      const same = requests.filter((request) => lengthOf(request) === length);
      expect(new Set(same.map(({ prompts, cacheSalt }) => JSON.stringify([prompts, cacheSalt]))).size).toBe(
        1,
      );
    }
    expect(new Set(requests.map(({ cacheSalt }) => cacheSalt)).size).toBe(2);
  });
});

describe('measurePrefix', () => {
  it('sends the beginning first; then prompts of one length, which begin so, or share nothing', async () => {
    const { target, requests } = recorder();
    const reading = await measurePrefix({ ...options, target }, 40);
    expect('values' in reading && reading.values).toHaveLength(options.rounds);
    const [first, ...others] = requests;
    const prefix = first?.prompts[0] ?? [];
    expect(prefix).toHaveLength(40);
    expect(others).toHaveLength(2 * (options.rounds + 1));
    expect(new Set(others.map(lengthOf))).toEqual(new Set([40 + NEW_TOKENS]));
    const seen = others.filter(({ cacheSalt }) => cacheSalt !== undefined);
    const unseen = others.filter(({ cacheSalt }) => cacheSalt === undefined);
    expect(unseen).toHaveLength(options.rounds + 1);
    for (const { prompts, cacheSalt } of seen) {
      expect(cacheSalt).toBe(first?.cacheSalt);
      expect(prompts[0]?.slice(0, 40)).toEqual(prefix);
    }
    // What is new differs each time, or all of the prompt would be known.
    expect(new Set(others.map(({ prompts }) => JSON.stringify(prompts[0]?.slice(40)))).size).toBe(
      others.length,
    );
    for (const { prompts } of unseen) expect(prompts[0]?.slice(0, 40)).not.toEqual(prefix);
  });
});

describe('ratiosOf', () => {
  it('divides what was measured in the same round', () => {
    expect(ratiosOf([2, 9], [4, 3])).toEqual([0.5, 3]);
  });
});

describe('judgeable', () => {
  const parts = { weightMemoryBytes: 300 * 2 ** 20, kvCacheBytes: 100 * 2 ** 20 };

  it('holds the highest reading against weights and cache', () => {
    const reading = judgeable([420 * 2 ** 20, undefined, 500 * 2 ** 20, 480 * 2 ** 20], parts, '8 seats');
    expect(reading).toEqual({
      name: 'memory',
      values: [1.25],
      details: '500 MiB of all processes, weights 300 and cache 100 MiB; 8 seats',
    });
  });

  it('does not judge what cannot be read, or lies elsewhere', () => {
    const reasonOf = (bytes: number | undefined): string => {
      const reading = judgeable([bytes], parts, '');
      return 'notMeasured' in reading ? reading.notMeasured : 'measured';
    };
    expect(reasonOf(undefined)).toMatch(/Linux/);
    expect(reasonOf(399 * 2 ** 20)).toMatch(/device/);
    expect(reasonOf(400 * 2 ** 20)).toBe('measured');
  });
});
