import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SequenceRequest } from '../../../../src/engine/protocol.ts';
import { EngineCore } from '../../../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../../../src/engine/worker/model-runner.ts';
import { DEFAULT_SAMPLING_PARAMS } from '../../../../src/sampling/sampling-params.ts';
import { Sampler } from '../../../../src/sampling/sampler.ts';
import { randomAt } from '../../../../src/sampling/seeded-random.ts';
import { Scheduler } from '../../../../src/scheduler/scheduler.ts';
import { StepCostModel } from '../../../../src/scheduler/step-cost-model.ts';
import { GrammarBuilder, sequence, smallJson } from '../../../support/grammar/automata.ts';
import { SMALL_JSON_TOKENS, tokenGrammarOf, trieOf } from '../../../support/grammar/vocabulary.ts';
import { request } from '../../../support/any-requests.ts';
import { TokenRuntime, NO_MODEL } from '../../../support/token-runtime.ts';

/** The last ends a text. */
const TOKENS = [...SMALL_JSON_TOKENS, ''];
const END = TOKENS.length - 1;
const trie = trieOf(TOKENS);
const source = { grammar: smallJson(), specialTokenIds: new Map<string, number>() };
const matcher = tokenGrammarOf(source, TOKENS);
const MOST_TO_START = 1;
/** No step is long by this. */
const QUICK = 1e-6;

/** Depends on all tokens so far, and repeats itself often. */
function logitsOf(tokenIds: readonly number[]): Float32Array {
  const hash = tokenIds.slice(-3).reduce((sum, tokenId) => (Math.imul(sum, 31) + tokenId + 1) | 0, 7);
  return Float32Array.from({ length: TOKENS.length }, (_, tokenId) => 5 * randomAt(hash, 0, tokenId));
}

/** What fast-check prints of a failure should not hold the grammar. */
const toRequest = (
  { isGuided, ...change }: Partial<SequenceRequest> & { isGuided: boolean },
  id: number,
): SequenceRequest => guided(id, isGuided ? change : { ...change, grammar: undefined });

const guided = (id: number, changes: Partial<SequenceRequest> = {}): SequenceRequest =>
  request(id, { grammar: { key: 'small', source, numBytes: 0 }, stopTokenIds: [END], ...changes });

interface Outcome {
  tokenIds: number[];
  finish: string | undefined;
  numSteps: number;
  /** In each step. */
  numTokens: number[];
}

interface RunOptions {
  speculates?: boolean;
  /** Of a row of which the top is enough. */
  numTop?: number;
  /** How far the clock goes on each time that it is asked: by it, forced tokens take long or do not. */
  msPerCall?: number;
}

async function run(
  requests: readonly SequenceRequest[],
  { speculates = true, numTop = 0, msPerCall = QUICK }: RunOptions = {},
): Promise<Map<number, Outcome>> {
  const costs = new StepCostModel({ perRow: 1, perLogitRow: 0, perScore: 0 });
  const limits = {
    numSeats: 3,
    numPages: 4096,
    maxNumBatchedTokens: 24,
    prefixCache: true,
    costs,
    speculates,
  };
  const runtime = new TokenRuntime(logitsOf, numTop);
  let now = 0;
  const core = new EngineCore(
    new Scheduler(limits),
    new ModelRunner(NO_MODEL, runtime, runtime.cache),
    new Sampler(TOKENS.length),
    () => (now += msPerCall),
  );
  core.setVocabulary(trie);
  for (const one of requests) core.submit(one);
  const outcomes = new Map<number, Outcome>();
  for (let report = await core.step(); report !== undefined; report = await core.step()) {
    const inStep = new Map<number, number>();
    for (const { id, token, finish, error } of report.updates) {
      expect(error).toBeUndefined();
      const outcome = outcomes.get(id) ?? { tokenIds: [], finish: undefined, numSteps: 0, numTokens: [] };
      outcomes.set(id, outcome);
      expect(outcome.finish).toBeUndefined();
      if (token !== undefined) outcome.tokenIds.push(token.tokenId);
      outcome.finish = finish;
      inStep.set(id, (inStep.get(id) ?? 0) + Number(token !== undefined));
    }
    for (const [id, numTokens] of inStep) {
      outcomes.get(id)!.numSteps++;
      outcomes.get(id)!.numTokens.push(numTokens);
    }
  }
  expect([core.numSeatsUsed, core.pageCounts.numUsed]).toEqual([0, 0]);
  return outcomes;
}

/** Whether tokens are a whole text of the small language. */
function isWhole(tokenIds: readonly number[]): boolean {
  let at = matcher.start;
  for (const tokenId of tokenIds.filter((id) => id !== END)) {
    const next = matcher.step(at, tokenId);
    if (next === undefined) return false;
    at = next;
  }
  return at.isComplete;
}

const anyGuided = fc.record({
  promptTokenIds: fc.array(fc.nat(END), { minLength: 1, maxLength: 12 }),
  maxTokens: fc.integer({ min: MOST_TO_START, max: 40 }),
  minTokens: fc.constantFrom(0, 0, 3),
  sampling: fc.record({
    temperature: fc.constantFrom(0, 0.7, 1.5),
    topP: fc.constantFrom(1, 0.8),
    topK: fc.constantFrom(0, 1, 4),
    minP: fc.constantFrom(0, 0.1),
    seed: fc.constant(undefined),
    logitBias: fc.constant(new Map<number, number>()),
    frequencyPenalty: fc.constantFrom(0, 0.4),
    presencePenalty: fc.constant(0),
    repetitionPenalty: fc.constantFrom(1, 1.3),
  }),
  seed: fc.nat(1000),
  numLogprobs: fc.constantFrom(undefined, undefined, 2),
  isGuided: fc.constantFrom(true, true, false),
  clientId: fc.constantFrom('10.0.0.1/', '10.0.0.1/key', '10.0.0.2/'),
});

describe('sequences with a grammar', () => {
  it('end as whole texts, however few their tokens are', async () => {
    const finishes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(anyGuided, { minLength: 1, maxLength: 6 }), async (changes) => {
        const outcomes = await run(changes.map(toRequest));
        for (const [id, { tokenIds, finish }] of outcomes) {
          expect(tokenIds.length).toBeLessThanOrEqual(changes[id]?.maxTokens ?? 0);
          if (changes[id]?.isGuided !== true) continue;
          expect(
            isWhole(tokenIds),
            JSON.stringify([id, finish, tokenIds, tokenIds.map((token) => TOKENS[token])]),
          ).toBe(true);
          finishes.set(`${finish}`, (finishes.get(`${finish}`) ?? 0) + 1);
        }
      }),
      { numRuns: 200 },
    );
    expect(finishes.get('stop')).toBeGreaterThan(50);
    expect(finishes.get('length')).toBeGreaterThan(50);
  });

  it('have the same tokens alone, in company, without drafts, and however many of the forced ones a step takes, and where they have to wait', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyGuided, { minLength: 1, maxLength: 6 }), async (changes) => {
        const requests = changes.map(toRequest);
        const together = await run(requests);
        const undrafted = await run(requests, { speculates: false });
        const fromTops = await run(requests, { numTop: 8 });
        const slow = await run(requests, { msPerCall: 1 });
        // So slow that some stay out of steps meanwhile.
        const paced = await run(requests, { msPerCall: 100 });
        for (const one of requests) {
          const alone = await run([one]);
          for (const other of [alone, undrafted, fromTops, slow, paced]) {
            expect(other.get(one.id)?.tokenIds).toEqual(together.get(one.id)?.tokenIds);
            expect(other.get(one.id)?.finish).toEqual(together.get(one.id)?.finish);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('take no step for a token of which there is no choice', async () => {
    const make = new GrammarBuilder();
    // No two of its tokens can be written as one.
    const text = 'abababab';
    const bytes = { grammar: make.build(sequence(make.literal(text))), specialTokenIds: new Map() };
    const ascii = [...Buffer.from(text)];
    const plain = { ...DEFAULT_SAMPLING_PARAMS, temperature: 1 };
    const forced = await run([
      guided(0, { grammar: { key: 'forced', source: bytes, numBytes: 0 }, sampling: plain }),
    ]);
    expect(forced.get(0)).toMatchObject({ finish: 'stop', numSteps: 1 });
    expect(forced.get(0)?.tokenIds).toEqual(ascii);
    const withLogprobs = await run(
      [
        guided(0, {
          grammar: { key: 'forced', source: bytes, numBytes: 0 },
          sampling: plain,
          numLogprobs: 0,
        }),
      ],
      { speculates: false },
    );
    expect(withLogprobs.get(0)).toMatchObject({ finish: 'stop', numSteps: 8 });
  });

  describe('of which there is no choice for long', () => {
    const LENGTH = 600;
    const make = new GrammarBuilder();
    // No two of its tokens can be written as one, so that each is forced.
    const literal = make.literal('ab'.repeat(LENGTH / 2));
    const source = { grammar: make.build(sequence(literal)), specialTokenIds: new Map<string, number>() };
    const changes = { grammar: { key: 'long', source, numBytes: 0 }, maxTokens: LENGTH };
    const long = [0, 1, 2].map((id) => guided(id, changes));
    const beside = guided(3, { grammar: undefined, maxTokens: 12, stopTokenIds: [] });

    it('get so many in a step, in turns, and the others go on', async () => {
      const outcomes = await run([...long.slice(1), beside]);
      for (const { numTokens } of [outcomes.get(1)!, outcomes.get(2)!]) {
        // A step draws one, and gives 256 that are forced, in the first of them half to each.
        expect(numTokens[0]).toBe(1 + 128);
        expect(Math.max(...numTokens)).toBeLessThanOrEqual(1 + 256);
      }
      expect(outcomes.get(3)!.numTokens).toEqual(new Array(12).fill(1));
      for (const id of [1, 2]) {
        expect(outcomes.get(id)).toMatchObject({ finish: 'stop' });
        expect(outcomes.get(id)!.tokenIds).toHaveLength(LENGTH);
      }
    });

    it('get few in a step where their masks take long', async () => {
      const quick = await run(long);
      const slow = await run(long, { msPerCall: 1 });
      for (const { id } of long) {
        const { tokenIds, finish, numTokens } = slow.get(id)!;
        expect([tokenIds, finish]).toEqual([quick.get(id)!.tokenIds, 'stop']);
        // Each look at the clock is a millisecond, and a token takes several.
        expect(Math.max(...numTokens)).toBeLessThan(16);
      }
    });
  });
});
