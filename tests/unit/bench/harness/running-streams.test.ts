import { expect, it } from 'vitest';
import type { BenchmarkTarget } from '../../../../src/bench/benchmark-target.ts';
import { startStreams } from '../../../../bench/harness/running-streams.ts';
import { EngineError } from '../../../../src/errors.ts';

/** Gives two tokens an event to every stream; that of prompt [9] fails after three events. */
const target: BenchmarkTarget = {
  mode: 'http',
  async generate({ prompts, maxTokens }, onTokens, signal) {
    for (let numTokens = 0; numTokens < maxTokens; numTokens += 2) {
      if (prompts[0]?.[0] === 9 && numTokens === 6) throw new EngineError('backend_failure', 'it broke');
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      onTokens(2);
    }
  },
};
const { signal } = new AbortController();

it('flows until each stream has so many more tokens, and stops', async () => {
  const streams = startStreams(target, [[1], [2]], 1e9, signal);
  await streams.flow(10);
  await streams.flow(6);
  await streams.stop();
  const counts = streams.events.map((events) => events.reduce((sum, { numTokens }) => sum + numTokens, 0));
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(16);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const later = streams.events.map((events) => 2 * events.length);
  expect(later).toEqual(counts);
});

it('throws what a stream failed with', async () => {
  const streams = startStreams(target, [[1], [9]], 1e9, signal);
  await expect(streams.flow(100)).rejects.toThrow('it broke');
  await streams.stop();
});

it('throws when a stream is at its end, which would make the others faster', async () => {
  const streams = startStreams(target, [[1]], 20, signal);
  await expect(streams.flow(100)).rejects.toMatchObject({ code: 'invalid_request' });
  await streams.stop();
});

it('throws what it was aborted with', async () => {
  const abort = new AbortController();
  const streams = startStreams(target, [[1]], 1e9, abort.signal);
  abort.abort(new EngineError('request_timeout', 'interrupted'));
  await expect(streams.flow(1)).rejects.toThrow('interrupted');
});
