import { describe, expect, it } from 'vitest';
import type { ChaosCase } from '../../../chaos/chaos-case.ts';
import { judge, type Watched } from '../../../chaos/judge.ts';
import type { CanaryRun, HealthPoll, Observation } from '../../../chaos/support/observation.ts';

/** The harness must not pass what it looks for: each fault alone is told, and a calm service has none. */

const CASE: ChaosCase = {
  name: 'a-case',
  attack: 'nothing',
  shows: ['process'],
  run: () => Promise.resolve(),
};
const POLL: HealthPoll = { startedAt: 0, ms: 3, ownMs: 2, outcome: '200' };
const CANARY: CanaryRun = {
  status: 200,
  text: 'a tale',
  isWhole: true,
  hasSameText: true,
  firstTokenMs: 5,
  longestGapMs: 10,
};
const CALM: Watched = {
  observation: {
    polls: [POLL],
    worstControlMs: 1,
    canaries: [CANARY],
    peakMemory: { numBytes: 200 * 2 ** 20, byProgram: {} },
  },
  isRepeated: false,
  settled: { seconds: 0.1, restarts: 0, differences: [], keptBytes: undefined },
  lastCanary: CANARY,
  logLines: ['{"level":30,"msg":"GET /health 200"}'],
  stderr: 'Tokenflare serves chaos on http://127.0.0.1:1',
};

const seen = (changes: Partial<Observation>): Watched => ({
  ...CALM,
  observation: { ...CALM.observation, ...changes },
});

it('finds nothing wrong with a calm service', () => {
  expect(judge(CASE, CALM)).toEqual([]);
});

it.each<[fault: string, watched: Watched]>([
  ['1 of 1 polls of /health over 250 ms', seen({ polls: [{ ...POLL, ms: 400, ownMs: 251 }] })],
  ['polls of /health without an answer (ECONNRESET)', seen({ polls: [{ ...POLL, outcome: 'ECONNRESET' }] })],
  ['health was never polled', seen({ polls: [] })],
  ['canary streams broken: another text', seen({ canaries: [{ ...CANARY, hasSameText: false }] })],
  [
    'canary streams broken: status 200, backend_failure',
    seen({
      canaries: [{ ...CANARY, isWhole: false, hasSameText: false, errorCode: 'backend_failure' }],
    }),
  ],
  ['no canary stream ran', seen({ canaries: [] })],
  ['stood still for 3001 ms', seen({ canaries: [{ ...CANARY, longestGapMs: 3001 }] })],
  [
    '961 MiB resident (service 300, engine-worker 469), at most 960 allowed',
    seen({
      peakMemory: {
        numBytes: 961 * 2 ** 20,
        byProgram: { service: 300 * 2 ** 20, 'engine-worker': 469 * 2 ** 20 },
      },
    }),
  ],
  ['2 engine restarts', { ...CALM, settled: { ...CALM.settled, restarts: 2 } }],
  ['not back: 3 seats', { ...CALM, settled: { ...CALM.settled, differences: ['3 seats'] } }],
  [
    'afterwards a stream is not whole: status 0, refused',
    { ...CALM, lastCanary: { ...CANARY, status: 0, isWhole: false, error: 'refused' } },
  ],
  ['1 internal errors in the log', { ...CALM, logLines: ['{"ended":"error: internal"}'] }],
  ['a log line of 9000 characters', { ...CALM, logLines: ['x'.repeat(9000)] }],
  [
    'on standard error: (node:1) MaxListenersExceededWarning: many',
    { ...CALM, stderr: '(node:1) MaxListenersExceededWarning: many' },
  ],
])('tells %s', (fault, watched) => {
  const failures = judge(CASE, watched);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toContain(fault);
});

describe('what an attack is allowed to break', () => {
  const died = { ...CANARY, isWhole: false, hasSameText: false };

  it('is streams with an error frame, and restarts, where the engine is ended', () => {
    const watched = {
      ...seen({ canaries: [{ ...died, errorCode: 'backend_failure' }, CANARY] }),
      settled: { ...CALM.settled, restarts: 4 },
    };
    expect(judge({ ...CASE, breaksEngine: true }, watched)).toEqual([]);
  });

  it('is never a stream without one', () => {
    const watched = seen({ canaries: [{ ...died, error: 'aborted' }] });
    expect(judge({ ...CASE, breaksEngine: true }, watched)).toHaveLength(1);
  });

  it('is memory of a second model, where two are loaded at once', () => {
    const peak = (mebibytes: number): Watched =>
      seen({ peakMemory: { numBytes: mebibytes * 2 ** 20, byProgram: {} } });
    expect(judge({ ...CASE, numModels: 2 }, peak(1216))).toEqual([]);
    expect(judge({ ...CASE, numModels: 2 }, peak(1217))).toHaveLength(1);
  });

  it('is new connections, where there are no files for them; a late answer counts', () => {
    const watched = seen({
      polls: [
        { ...POLL, outcome: 'ECONNRESET' },
        { ...POLL, ownMs: 300 },
      ],
    });
    expect(judge({ ...CASE, breaksConnections: true }, watched)).toEqual([
      '1 of 2 polls of /health over 250 ms, up to 300 ms',
    ]);
  });
});
