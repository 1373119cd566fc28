import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SequenceRequest, SequenceUpdate } from '../../../../src/engine/protocol.ts';
import { EngineCore } from '../../../../src/engine/worker/engine-core.ts';
import { GrammarPool } from '../../../../src/engine/worker/grammar-pool.ts';
import { ModelRunner } from '../../../../src/engine/worker/model-runner.ts';
import { ReasoningBudget, ReasoningBudgets } from '../../../../src/engine/worker/reasoning-budget.ts';
import { SequenceGuide } from '../../../../src/engine/worker/sequence-guide.ts';
import { EngineError } from '../../../../src/errors.ts';
import { TokenGrammar } from '../../../../src/grammar/matching/token-grammar.ts';
import { TokenTrie } from '../../../../src/grammar/matching/token-trie.ts';
import { Candidates } from '../../../../src/sampling/candidates.ts';
import { Sampler } from '../../../../src/sampling/sampler.ts';
import { SamplerState, DEFAULT_SAMPLING_PARAMS } from '../../../../src/sampling/sampling-params.ts';
import { randomAt } from '../../../../src/sampling/seeded-random.ts';
import { NgramIndex } from '../../../../src/scheduler/ngram-index.ts';
import { Scheduler } from '../../../../src/scheduler/scheduler.ts';
import { StepCostModel } from '../../../../src/scheduler/step-cost-model.ts';
import { TokenTable } from '../../../../src/tokenizer/token-table.ts';
import { choice, GrammarBuilder, repeat, sequence, smallJson } from '../../../support/grammar/automata.ts';
import { SMALL_JSON_TOKENS, trieOf } from '../../../support/grammar/vocabulary.ts';
import { request } from '../../../support/any-requests.ts';
import { TokenRuntime, NO_MODEL } from '../../../support/token-runtime.ts';

/**
 * Whatever is called for one sequence throws once, at each of its calls in turn, while all kinds of sequences run on the
 * real core: the sequence that it was called for ends with the error, all others have the tokens that they have without.
 */
const injection = vi.hoisted(() => {
  const state = { numCalls: new Map<string, number>(), name: '', numLeft: 0, thrown: undefined as unknown };
  type Call = (...args: unknown[]) => unknown;
  const call = (name: string): void => {
    state.numCalls.set(name, (state.numCalls.get(name) ?? 0) + 1);
    if (name === state.name && --state.numLeft === 0) throw state.thrown;
  };
  const wrap = (name: string, inner: Call): Call =>
    function (this: unknown, ...args) {
      call(name);
      return inner.apply(this, args);
    };
  const wrapModule = (module: object): object =>
    Object.fromEntries(Object.entries(module).map(([name, inner]) => [name, wrap(name, inner as Call)]));
  return { state, wrap, wrapModule };
});

vi.mock('../../../../src/sampling/logits-processors.ts', async (load) => injection.wrapModule(await load()));
vi.mock('../../../../src/sampling/logits-processors.ts', async (load) => injection.wrapModule(await load()));
vi.mock('../../../../src/sampling/largest-logit.ts', async (load) => injection.wrapModule(await load()));
vi.mock('../../../../src/sampling/logprobs.ts', async (load) => injection.wrapModule(await load()));
vi.mock('../../../../src/tokenizer/token-bytes.ts', async (load) => injection.wrapModule(await load()));

const CLASSES = [
  Candidates,
  GrammarPool,
  NgramIndex,
  ReasoningBudget,
  ReasoningBudgets,
  Sampler,
  SamplerState,
  SequenceGuide,
  TokenGrammar,
  TokenTable,
  TokenTrie,
];
const EXCEPTIONS = [
  // They keep what is the model's and not of a sequence, and do nothing with it.
  'GrammarPool.setVocabulary',
  'ReasoningBudgets.setTokenTexts',
  // Called by `fewestTokens` alone, some hundred times.
  'TokenTrie.childOf',
];

for (const { name: className, prototype } of CLASSES) {
  const members = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  for (const [member, descriptor] of members) {
    const name = `${className}.${member}`;
    if (member === 'constructor' || EXCEPTIONS.includes(name)) continue;
    const { value, get } = descriptor as { value?: () => unknown; get?: () => unknown };
    const wrapped =
      get === undefined
        ? { ...descriptor, value: injection.wrap(name, value as () => unknown) }
        : { ...descriptor, get: injection.wrap(name, get) };
    Object.defineProperty(prototype, member, wrapped);
  }
}

/** The last ends a text. */
const TOKENS = [...SMALL_JSON_TOKENS, ''];
const END = TOKENS.length - 1;
const trie = trieOf(TOKENS);
const texts = {
  table: TokenTable.pack(TOKENS.length, (id) => Buffer.from(TOKENS[id] ?? '', 'latin1')),
  specialTokenIds: [END],
};
const SECRET = 'the text of a client';

const rows = new Map<number, Float32Array>();

/** Depends on the last tokens, and repeats itself often. */
function logitsOf(tokenIds: readonly number[]): Float32Array {
  const hash = tokenIds.slice(-2).reduce((sum, tokenId) => (Math.imul(sum, 31) + tokenId + 1) | 0, 7);
  const row =
    rows.get(hash) ??
    Float32Array.from({ length: TOKENS.length }, (_, tokenId) => 5 * randomAt(hash, 0, tokenId));
  rows.set(hash, row);
  return row;
}

const make = new GrammarBuilder();
const thought = make.build(
  sequence(repeat(make.literal('ab'), 0, 30), make.literal('</think>'), make.literal('true')),
);
const letters = make.build(repeat(choice(make.literal('a'), make.literal('b')), 7, 7));
const source = (grammar: typeof thought) => ({ grammar, specialTokenIds: new Map<string, number>() });
const JSON_TEXT = { key: 'json', source: source(smallJson()), numBytes: 0 };
const LETTERS = { key: 'letters', source: source(letters), numBytes: 0 };
const THOUGHT = { key: 'thought', source: source(thought), numBytes: 0 };
const REASONING = {
  opening: '<think>',
  closing: '</think>',
  startsInside: true,
  maxTokens: 2,
  shown: { shownTokenIds: new Set<number>() },
};
const penalties = { frequencyPenalty: 0.4, presencePenalty: 0.2, repetitionPenalty: 1.2 };

const KINDS: Partial<SequenceRequest>[] = [
  { promptTokenIds: [7, 8, 7, 8, 7], maxTokens: 9 },
  { grammar: JSON_TEXT, maxTokens: 9 },
  { grammar: LETTERS, promptTokenIds: [97, 98, 97, 98, 97], maxTokens: 7 },
  { grammar: THOUGHT, reasoning: REASONING, maxTokens: 16 },
  { reasoning: REASONING, maxTokens: 12 },
  { promptLogprobs: true, numLogprobs: 2, maxTokens: 2 },
  { scoredTokenIds: [5, 6], maxTokens: 0 },
  {
    grammar: JSON_TEXT,
    sampling: { ...DEFAULT_SAMPLING_PARAMS, topK: 3, temperature: 1.2 },
    maxTokens: 8,
    numLogprobs: 1,
  },
  {
    sampling: {
      ...DEFAULT_SAMPLING_PARAMS,
      ...penalties,
      topK: 9,
      topP: 0.9,
      minP: 0.01,
      logitBias: new Map([[4, 3]]),
    },
    minTokens: 3,
    maxTokens: 4,
  },
];
const REQUESTS = KINDS.map((kind, id) => request(id, { stopTokenIds: [END], seed: id, ...kind }));
const NUM_SEATS = KINDS.length;

interface Engine {
  core: EngineCore;
  scheduler: Scheduler;
}

function createEngine(): Engine {
  // Rows cost nothing, so that whatever is guessed is tried.
  const costs = new StepCostModel({ perRow: 0, perLogitRow: 0, perScore: 0 });
  const limits = {
    numSeats: NUM_SEATS,
    numPages: 4096,
    maxNumBatchedTokens: 256,
    prefixCache: true,
    costs,
    speculates: true,
  };
  const runtime = new TokenRuntime(logitsOf, 8);
  const scheduler = new Scheduler(limits);
  const runner = new ModelRunner(NO_MODEL, runtime, runtime.cache);
  const core = new EngineCore(scheduler, runner, new Sampler(TOKENS.length));
  core.setVocabulary(trie);
  core.setTokenTexts(texts);
  return { core, scheduler };
}

interface Outcome {
  updates: string[];
  finish: SequenceUpdate['finish'];
  error: SequenceUpdate['error'];
}

/** What becomes of each request; what `submit` throws ends its request, as in the engine process. */
async function run({ core }: Engine, numAdded = 0): Promise<Outcome[]> {
  const outcomes = REQUESTS.map((): Outcome => ({ updates: [], finish: undefined, error: undefined }));
  for (const one of REQUESTS) {
    try {
      core.submit({ ...one, id: one.id + numAdded });
    } catch (error) {
      expect(error).toBe(injection.state.thrown);
      outcomes[one.id] = { updates: [], finish: 'error', error: undefined };
    }
  }
  for (let report = await core.step(); report !== undefined; report = await core.step()) {
    for (const { id, token, promptLogprobs, scores, finish, error } of report.updates) {
      const outcome = outcomes[id - numAdded];
      if (outcome === undefined) throw new Error(`there is no sequence ${id}`);
      expect(outcome.finish).toBeUndefined();
      const parts = [token, promptLogprobs, scores].filter((part) => part !== undefined);
      outcome.updates.push(...parts.map((part) => JSON.stringify(part)));
      outcome.finish = finish;
      outcome.error = error;
    }
  }
  return outcomes;
}

/** Every seat can be had, and none twice. */
function expectAllSeatsFree({ core, scheduler: { queue } }: Engine): void {
  expect([core.numSeatsUsed, core.pageCounts.numUsed]).toEqual([0, 0]);
  const reservations = Array.from({ length: NUM_SEATS }, () => queue.ask('', 1));
  expect(reservations.every((reservation) => queue.tryReserve(reservation))).toBe(true);
  expect(new Set(reservations.map(({ pages }) => pages?.[0])).size).toBe(NUM_SEATS);
  for (const reservation of reservations) queue.endReservation(reservation);
}

afterEach(() => {
  injection.state.name = '';
});

const baseline = await run(createEngine());
const CALLS = [...injection.state.numCalls].sort();

describe('what is thrown for one sequence', () => {
  it('is thrown at all that is called for one', () => {
    expect(baseline.map(({ finish }) => finish)).not.toContain('error');
    const called = CALLS.map(([name]) => name);
    // Each part of what makes the next token of a sequence takes part.
    for (const { name } of CLASSES) expect(called.some((one) => one.startsWith(`${name}.`))).toBe(true);
    for (const name of [
      'allowed',
      'redirect',
      'accept',
      'forced',
      'forcedTokens',
      'numAllowed',
      'isOver',
      'mayEnd',
      'isCut',
    ])
      expect(called).toContain(`SequenceGuide.${name}`);
    for (const name of ['sampleToken', 'sampleConstrained', 'takeToken', 'topIsEnough'])
      expect(called).toContain(`Sampler.${name}`);
    for (const name of ['allowOnly', 'maskTokens', 'applyLogitBias', 'keepTopP', 'tokenLogprobs'])
      expect(called).toContain(name);
  });

  it.each(CALLS)('by %s, at any of its %i calls, ends that one alone', async (name, numCalls) => {
    for (let n = 1; n <= numCalls; n++) {
      const isForeseen = n % 2 === 0;
      const thrown = isForeseen ? new EngineError('invalid_request', 'no such text') : new TypeError(SECRET);
      Object.assign(injection.state, { name, numLeft: n, thrown });
      const engine = createEngine();
      const outcomes = await run(engine);
      expect(injection.state.numLeft).toBeLessThanOrEqual(0);
      const ended = outcomes.filter(({ finish }) => finish === 'error');
      expect(ended).toHaveLength(1);
      for (const [id, outcome] of outcomes.entries()) {
        if (outcome.finish !== 'error') expect([n, id, outcome]).toEqual([n, id, baseline[id]]);
        else if (outcome.error !== undefined) expectError(outcome.error, isForeseen);
      }
      expectAllSeatsFree(engine);
      if (n === numCalls) expect(await run(engine, REQUESTS.length)).toEqual(baseline);
    }
  });

  function expectError(error: SequenceUpdate['error'], isForeseen: boolean): void {
    expect(error?.code).toBe(isForeseen ? 'invalid_request' : 'internal');
    if (isForeseen) expect(error).toMatchObject({ message: 'no such text', retryable: false });
    expect(JSON.stringify(error)).not.toContain(SECRET);
    expect(error?.stack?.startsWith('    at ')).toBe(isForeseen ? undefined : true);
  }
});
