import { describe, expect, it } from 'vitest';
import { hangLine, Silence } from '../../../src/watch/hang.ts';
import { readRunningRequests, RunningRequests } from '../../../src/watch/running-requests.ts';

describe('the silence of the main thread', () => {
  it('grows with the looks, and an answer ends it', () => {
    const silence = new Silence(250, 0);
    expect(silence.look(250, false)).toBe(250);
    expect(silence.look(500, false)).toBe(500);
    expect(silence.look(750, true)).toBe(0);
    expect(silence.look(1000, false)).toBe(250);
  });

  it('holds no time in which the watching thread stood still, too', () => {
    const silence = new Silence(250, 0);
    expect(silence.look(250, false)).toBe(250);
    // An hour of sleep is no more than two looks.
    expect(silence.look(3_600_000, false)).toBe(750);
  });
});

/** A request as far as its record goes. */
const requestOf = (id: string): Parameters<RunningRequests['enter']>[0] => ({
  id,
  route: '/v1/completions',
  onPhase: undefined,
});

describe('the record of what runs', () => {
  const read = (running: RunningRequests): ReturnType<typeof readRunningRequests> =>
    readRunningRequests(running.shared);

  it('has the phase of each request, and the length of its body', () => {
    const running = new RunningRequests();
    const request = requestOf('one');
    const leave = running.enter(request);
    expect(read(running)).toMatchObject({ numOpen: 1, requests: [{ phase: 'reading', bodyBytes: 0 }] });
    request.onPhase?.('preparing', 1234);
    request.onPhase?.('streaming');
    expect(read(running)).toMatchObject({
      numOpen: 1,
      requests: [{ id: 'one', route: '/v1/completions', phase: 'streaming', bodyBytes: 1234 }],
    });
    leave();
    expect(read(running)).toEqual({ numOpen: 0, requests: [] });
  });

  it('holds the newest of very many, and each ends for itself', () => {
    const running = new RunningRequests();
    const requests = Array.from({ length: 1000 }, (_, index) => requestOf(`request-${index}`));
    const leaves = requests.map((request) => running.enter(request));
    const { numOpen, requests: kept } = read(running);
    expect(numOpen).toBe(1000);
    expect(kept).toHaveLength(256);
    expect(new Set(kept.map(({ id }) => id))).toEqual(new Set(requests.slice(744).map(({ id }) => id)));
    // The slot of an old one is another's by now.
    requests[0]?.onPhase?.('streaming', 5);
    leaves[0]?.();
    expect(read(running)).toMatchObject({ numOpen: 999 });
    expect(read(running).requests.filter(({ phase }) => phase === 'reading')).toHaveLength(256);
    for (const leave of leaves.slice(1)) leave();
    expect(read(running)).toEqual({ numOpen: 0, requests: [] });
  });

  it('cuts an id that is long', () => {
    const running = new RunningRequests();
    running.enter(requestOf('x'.repeat(128)));
    expect(read(running).requests[0]?.id).toBe('x'.repeat(79));
  });
});

it('the dump is one line of JSON, with the requests whose phase began last', () => {
  const running = new RunningRequests();
  for (let index = 0; index < 100; index++) running.enter(requestOf(`request-${index}`));
  const line = hangLine(
    {
      silentMs: 10_240,
      exitCode: 70,
      stack: [{ function: 'parse', location: 'dist/src/a.js:3' }],
      ...readRunningRequests(running.shared),
      residentBytes: 300 * 2 ** 20,
      uptimeSeconds: 5.2,
    },
    new Date(0),
  );
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toMatchObject({
    level: 60,
    time: '1970-01-01T00:00:00.000Z',
    exitCode: 70,
    stack: [{ function: 'parse', location: 'dist/src/a.js:3' }],
    openRequests: 100,
    residentMb: 300,
    msg: 'the event loop has not turned for 10.2 s (LOOP_TIMEOUT): the process is ended',
  });
  expect((JSON.parse(line) as { requests: unknown[] }).requests).toHaveLength(32);
});
