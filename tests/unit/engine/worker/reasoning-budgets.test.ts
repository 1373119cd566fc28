import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerGrammar } from '../../../../src/generation/constraint/answer-grammar.ts';
import type { SequenceRequest } from '../../../../src/engine/protocol.ts';
import { StepBudget } from '../../../../src/step-budget.ts';
import type { ReasoningTags } from '../../../../src/engine/reasoning-meter.ts';
import { EngineCore } from '../../../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../../../src/engine/worker/model-runner.ts';
import { compileGrammar } from '../../../../src/grammar/compile/compile-grammar.ts';
import { TokenTrie } from '../../../../src/grammar/matching/token-trie.ts';
import { Sampler } from '../../../../src/sampling/sampler.ts';
import { randomAt } from '../../../../src/sampling/seeded-random.ts';
import { Scheduler } from '../../../../src/scheduler/scheduler.ts';
import { StepCostModel } from '../../../../src/scheduler/step-cost-model.ts';
import { TokenTable } from '../../../../src/tokenizer/token-table.ts';
import { request } from '../../../support/any-requests.ts';
import { TokenRuntime, NO_MODEL } from '../../../support/token-runtime.ts';

/** One tag is text in several tokens, the other is a special token. */
const TEXT_TAGS = { opening: '<think>', closing: '</think>' };
const TOKEN_TAGS = { opening: '[THINK]', closing: '[/THINK]' };
/** Bytes as characters; é is cut in two. */
const PIECES = [
  ...Array.from('<>/thinka \n{}":1'),
  '</',
  'think',
  'ink>',
  '</th',
  '<think>',
  '{"a":',
  '\u00c3',
  '\u00a9',
  'x</',
];
const TOKENS = [...PIECES, TOKEN_TAGS.opening, TOKEN_TAGS.closing, '[end]'];
const END = TOKENS.indexOf('[end]');
const SPECIAL = [TOKENS.indexOf(TOKEN_TAGS.opening), TOKENS.indexOf(TOKEN_TAGS.closing), END];
const bytesOf = (id: number): Uint8Array => Buffer.from(TOKENS[id] ?? '', 'latin1');
const table = TokenTable.pack(TOKENS.length, bytesOf);
const trie = TokenTrie.build(TOKENS.length, (id) => (SPECIAL.includes(id) ? new Uint8Array() : bytesOf(id)));

/** Depends on the last tokens; the reasoning seldom ends by itself. */
function logitsOf(tokenIds: readonly number[]): Float32Array {
  const hash = tokenIds.slice(-3).reduce((sum, tokenId) => (Math.imul(sum, 31) + tokenId + 1) | 0, 7);
  return Float32Array.from({ length: TOKENS.length }, (_, tokenId) => 5 * randomAt(hash, 0, tokenId));
}

/** It takes seats from another client, if it comes later. */
const LATE_CLIENT = 'b/1';

interface Outcome {
  tokenIds: number[];
  logprobs: (string | undefined)[];
  finish: string | undefined;
  numPreemptions: number;
}

async function run(
  requests: readonly SequenceRequest[],
  { speculates = true, numTop = 0, numSeats = 3, lateStep = 0, msPerCall = 1 } = {},
): Promise<Map<number, Outcome>> {
  const costs = new StepCostModel({ perRow: 1, perLogitRow: 0, perScore: 0 });
  const limits = { numSeats, numPages: 4096, maxNumBatchedTokens: 24, prefixCache: true, costs, speculates };
  const runtime = new TokenRuntime(logitsOf, numTop);
  let now = 0;
  const core = new EngineCore(
    new Scheduler(limits),
    new ModelRunner(NO_MODEL, runtime, runtime.cache),
    new Sampler(TOKENS.length),
    () => (now += msPerCall),
  );
  core.setVocabulary(trie);
  core.setTokenTexts({ table, specialTokenIds: SPECIAL });
  const isLate = ({ clientId }: SequenceRequest): boolean => lateStep > 0 && clientId === LATE_CLIENT;
  for (const one of requests.filter((early) => !isLate(early))) core.submit(one);
  const outcomes = new Map<number, Outcome>();
  let numSteps = 0;
  for (let report = await core.step(); report !== undefined; report = await core.step()) {
    if (++numSteps === lateStep) for (const one of requests.filter(isLate)) core.submit(one);
    for (const { id, token, finish, error } of report.updates) {
      expect(error).toBeUndefined();
      const outcome = outcomes.get(id) ?? {
        tokenIds: [],
        logprobs: [],
        finish: undefined,
        numPreemptions: 0,
      };
      outcomes.set(id, outcome);
      expect(outcome.finish).toBeUndefined();
      if (token !== undefined) {
        outcome.tokenIds.push(token.tokenId);
        // Of a top the sum of the row was rounded elsewhere.
        outcome.logprobs.push(token.logprob?.toFixed(9));
      }
      outcome.finish = finish;
      outcome.numPreemptions += report.numPreemptions;
    }
  }
  return outcomes;
}

interface Case {
  tags: 'text' | 'token';
  startsInside: boolean;
  budget: number;
  isGuided: boolean;
  change: Partial<SequenceRequest>;
}

const tagsOf = ({ tags, startsInside }: Case): ReasoningTags => ({
  ...(tags === 'text' ? TEXT_TAGS : TOKEN_TAGS),
  startsInside,
});

const TAG_TOKENS = new Map([TOKEN_TAGS.opening, TOKEN_TAGS.closing].map((tag) => [tag, TOKENS.indexOf(tag)]));

/** The answer behind the reasoning is a small JSON object. */
function grammarOf(tags: ReasoningTags, tokens: ReadonlyMap<string, number>): SequenceRequest['grammar'] {
  const spec = answerGrammar({
    tools: [],
    format: undefined,
    toolChoice: { type: 'auto' },
    allowsParallelCalls: true,
    outputFormat: { type: 'regex', pattern: '\\{"a":1{1,3}\\}', param: 'regex' },
    reasoning: { ...tags, variable: undefined },
    reasoningState: tags.startsInside ? 'inside' : 'before',
    tokens,
    budget: new StepBudget(0),
  });
  if (spec === undefined) throw new Error('the answer has a format');
  const source = { grammar: compileGrammar(spec), specialTokenIds: tokens };
  return { key: JSON.stringify(tags), source, numBytes: 0 };
}

const GRAMMARS = new Map(
  [true, false].flatMap((startsInside) => [
    [`text ${startsInside}`, grammarOf({ ...TEXT_TAGS, startsInside }, new Map())],
    [`token ${startsInside}`, grammarOf({ ...TOKEN_TAGS, startsInside }, TAG_TOKENS)],
  ]),
);

/** @param budget -1: none */
function toRequest(one: Case, id: number, budget = one.budget): SequenceRequest {
  const shownTokenIds = new Set(one.tags === 'text' ? [] : TAG_TOKENS.values());
  return request(id, {
    stopTokenIds: [END],
    ...(one.isGuided ? { grammar: GRAMMARS.get(`${one.tags} ${one.startsInside}`) } : {}),
    ...(budget === -1 ? {} : { reasoning: { ...tagsOf(one), maxTokens: budget, shown: { shownTokenIds } } }),
    ...one.change,
  });
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  tags: fc.constantFrom('text', 'token'),
  startsInside: fc.constantFrom(true, true, false),
  budget: fc.constantFrom(0, 1, 2, 5, 9, 30),
  isGuided: fc.constantFrom(true, false),
  change: fc.record({
    promptTokenIds: fc.array(fc.nat(END), { minLength: 1, maxLength: 12 }),
    maxTokens: fc.integer({ min: 16, max: 60 }),
    sampling: fc.record({
      temperature: fc.constantFrom(0, 0.7, 1.5),
      topP: fc.constant(1),
      topK: fc.constantFrom(0, 1, 4),
      minP: fc.constant(0),
      seed: fc.constant(undefined),
      logitBias: fc.constantFrom(new Map<number, number>(), new Map([[TOKENS.indexOf('<think>'), 9]])),
      frequencyPenalty: fc.constantFrom(0, 0.4),
      presencePenalty: fc.constant(0),
      repetitionPenalty: fc.constantFrom(1, 1.3),
    }),
    seed: fc.nat(1000),
    numLogprobs: fc.constantFrom(undefined, undefined, 2),
  }),
});

/** The tokens of a text: its opening tag, its reasoning, its closing tag, and the rest. */
function cut(
  tokenIds: readonly number[],
  one: Case,
): { reasoning: number[]; isClosed: boolean; answer: string } {
  const { opening, closing, startsInside } = tagsOf(one);
  const shown = tokenIds.map((id) =>
    id === END || (one.tags === 'text' && SPECIAL.includes(id)) ? '' : (TOKENS[id] ?? ''),
  );
  const text = shown.join('');
  const space = /^[ \n]*/.exec(text)?.[0].length ?? 0;
  const isOpened = text.startsWith(opening, space);
  if (!isOpened && !startsInside) return { reasoning: [], isClosed: false, answer: text };
  const start = isOpened ? space + opening.length : 0;
  const found = text.indexOf(closing, start);
  const end = found === -1 ? text.length : found;
  let at = 0;
  const reasoning = tokenIds.filter((_, i) => {
    const from = at;
    at += shown[i]?.length ?? 0;
    return from >= start && at <= end;
  });
  return { reasoning, isClosed: found !== -1, answer: text.slice(end + closing.length) };
}

describe('a budget of reasoning tokens', () => {
  it('is kept; a character that is open is finished', async () => {
    const counts = { closed: 0, full: 0, shorter: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(anyCase, { minLength: 1, maxLength: 5 }), async (cases) => {
        const outcomes = await run(cases.map((one, id) => toRequest(one, id)));
        for (const [id, one] of cases.entries()) {
          const { tokenIds = [], finish } = outcomes.get(id) ?? {};
          const { reasoning, isClosed, answer } = cut(tokenIds, one);
          const beyond = reasoning.slice(one.budget).map((tokenId) => TOKENS[tokenId]);
          expect(beyond.length, JSON.stringify([one, tokenIds])).toBeLessThanOrEqual(3);
          if (one.isGuided) expect(beyond.filter((text) => text !== '\u00a9')).toEqual([]);
          if (isClosed) counts.closed++;
          if (isClosed && reasoning.length === one.budget) counts.full++;
          if (isClosed && reasoning.length < one.budget) counts.shorter++;
          // The form of the answer holds behind it, also where the text is cut.
          if (one.isGuided && finish !== undefined) expect(answer).toMatch(/^\n{0,2}\{"a":1{1,3}\}$/);
        }
      }),
      { numRuns: 300 },
    );
    expect(counts.closed).toBeGreaterThan(300);
    expect(counts.full).toBeGreaterThan(200);
    expect(counts.shorter).toBeGreaterThan(20);
  });

  it('changes nothing before it is spent', async () => {
    let numSpent = 0;
    let numUnchanged = 0;
    await fc.assert(
      fc.asyncProperty(anyCase, async (one) => {
        // A text that is cut by its form knows how many tokens are left.
        const free = { ...one, isGuided: false };
        const bound = (await run([toRequest(free, 0)])).get(0)?.tokenIds ?? [];
        const unbound = (await run([toRequest(free, 0, 1000)])).get(0)?.tokenIds ?? [];
        const { reasoning } = cut(unbound, free);
        const [first] = reasoning;
        // A budget of a text that begins inside counts from its first token.
        const start = free.startsInside || first === undefined ? 0 : unbound.indexOf(first);
        if (reasoning.length > free.budget) numSpent++;
        // A tag in several tokens is written in the fewest once the budget is spent.
        const numTagTokens = free.tags === 'text' ? TEXT_TAGS.closing.length : 0;
        const isEnough = reasoning.length + numTagTokens <= free.budget;
        if (isEnough && cut(unbound, free).isClosed) {
          expect(bound).toEqual(unbound);
          numUnchanged++;
        }
        expect(bound.slice(0, start + free.budget)).toEqual(unbound.slice(0, start + free.budget));
      }),
      { numRuns: 300 },
    );
    expect(numSpent).toBeGreaterThan(50);
    // Some ten of 300 cases.
    expect(numUnchanged).toBeGreaterThan(0);
  });

  it('gives the same tokens alone, in company, preempted, without drafts and from tops', async () => {
    let numPreemptions = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyCase, { minLength: 4, maxLength: 6 }), async (cases) => {
        const requests = cases.map((one, id) => ({
          ...toRequest(one, id, id % 3 === 2 ? -1 : one.budget),
          clientId: id < 3 ? 'a/1' : LATE_CLIENT,
        }));
        const together = await run(requests);
        const others = [
          await run(requests, { speculates: false, msPerCall: 1e-6 }),
          await run(requests, { numTop: 8 }),
          await run(requests, { numSeats: 2, lateStep: 4 }),
        ];
        for (const { numPreemptions: times } of others[2]?.values() ?? []) numPreemptions += times;
        for (const one of requests) {
          for (const other of [await run([one]), ...others]) {
            expect(other.get(one.id)?.tokenIds).toEqual(together.get(one.id)?.tokenIds);
            expect(other.get(one.id)?.logprobs).toEqual(together.get(one.id)?.logprobs);
            expect(other.get(one.id)?.finish).toEqual(together.get(one.id)?.finish);
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(numPreemptions).toBeGreaterThan(50);
  });

  it('is refused where the vocabulary cannot write the closing tag', () => {
    const runtime = new TokenRuntime(logitsOf);
    const runner = new ModelRunner(NO_MODEL, runtime, runtime.cache);
    const core = new EngineCore(new Scheduler({ numPages: runtime.cache.shape.numPages, numSeats: 1, maxNumBatchedTokens: 8, prefixCache: false }), runner, new Sampler(TOKENS.length)); // prettier-ignore
    core.setTokenTexts({ table, specialTokenIds: SPECIAL });
    const reasoning = { opening: '<q>', closing: '</q>', startsInside: true, maxTokens: 3, shown: {} };
    expect(() => core.submit(request(0, { reasoning }))).toThrow(/cannot write <\/q>/);
  });
});
