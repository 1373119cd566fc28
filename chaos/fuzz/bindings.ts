import * as fc from 'fast-check';
import { MODEL_ID } from '../support/metrics.ts';
import { jsonStep, mostly, postStep, type FuzzKind, type FuzzScript, type FuzzStep } from './fuzz-script.ts';
import { privateTo } from './judge-script.ts';

/**
 * What the class behind a Worker's `env.AI` sends: runs of models, by a gateway and without one, as streams whose rest can
 * be read by their owner, as jobs, and models of other providers.
 */

const RUN = '/workers-binding/run';
const GATEWAY_RUN = '/workers-binding/ai-gateway/run';
const NUM_RUNS = 1_000_000;
const OWNERS = ['one', 'two'];

const headersOf = (owner: string): Record<string, string> => ({ authorization: `Bearer invented-${owner}` });

/** Of a run, and whether it is taken as a job. */
const inputs = (owner: string): fc.Arbitrary<{ inputs: object; queueRequest: boolean }> => {
  const stream = { max_tokens: 3, stream: true };
  const own = fc.constantFrom<object>(
    { prompt: privateTo(owner), ...stream },
    { prompt: 'a', ...stream, max_tokens: 40, raw: true },
    { messages: [{ role: 'user', content: privateTo(owner) }], ...stream },
    { prompt: privateTo(owner), max_tokens: 2 },
    { text: ['a', privateTo(owner)] },
    { query: 'a', contexts: [{ text: 'b' }] },
  );
  const job = fc.constantFrom<object>({ requests: [{ prompt: privateTo(owner), max_tokens: 1 }] });
  const any = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  return fc.oneof(
    { weight: 12, arbitrary: fc.record({ inputs: own, queueRequest: fc.constant(false) }) },
    { weight: 4, arbitrary: fc.record({ inputs: job, queueRequest: fc.constant(true) }) },
    { weight: 1, arbitrary: fc.record({ inputs: any, queueRequest: fc.boolean() }) },
  );
};

const metadata = mostly<unknown>([{ a: 'b', c: 1, d: true }, {}], [{ '': 1 }, { a: {} }, 'text', null]);

const gateway = fc.record(
  {
    id: mostly(['g', 'default'], ['a b', '']),
    skipCache: fc.boolean(),
    cacheTtl: mostly([0, 60], [-1, 1.5]),
    cacheKey: mostly(['shared'], ['', 'x'.repeat(300)]),
    metadata,
    collectLog: fc.boolean(),
    eventId: mostly(['event'], ['é']),
    requestTimeoutMs: mostly([1, 60_000, 60_000], [0]),
    retries: fc.record(
      { maxAttempts: mostly([1, 5], [6]), retryDelay: fc.constant(1) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const options = fc.record(
  {
    gateway: fc.oneof({ weight: 20, arbitrary: gateway }, fc.constantFrom<unknown>(null, 'g', [])),
    tags: mostly<unknown>([['a']], ['a']),
    returnRawResponse: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** A run under an id of its own, so that a later step can ask for the rest of it. */
const run = (owner: string, id: string): fc.Arbitrary<FuzzStep> =>
  fc
    .record({
      path: fc.constantFrom(RUN, GATEWAY_RUN, GATEWAY_RUN),
      model: mostly([MODEL_ID], ['openai/gpt-5', 'none', '', '@cf/none', 'anthropic/'], 10),
      given: inputs(owner),
      also: options,
      isResumable: mostly(['true', 'true', 'false'], ['a']),
    })
    .map(({ path, model, given: { inputs: values, queueRequest }, also, isResumable }) =>
      postStep(
        path,
        { inputs: values, options: { ...also, queueRequest } },
        {
          ...headersOf(owner),
          'cf-consn-model-id': model,
          'x-stream-resumable': isResumable,
          'x-request-id': id,
        },
      ),
    );

const rest = (id: string): fc.Arbitrary<FuzzStep> =>
  fc
    .tuple(
      mostly(['g', 'default'], ['a%20b']),
      mostly(['', '?from=0', '?from=1', '?from=99999'], ['?from=-1', '?from=a']),
      fc.constantFrom(...OWNERS),
    )
    .map(([name, query, owner]) =>
      jsonStep(
        'GET',
        `/workers-binding/ai-gateway/gateways/${name}/run/${id}/resume${query}`,
        undefined,
        headersOf(owner),
      ),
    );

/** A job that was taken is asked for under the id that it was given. */
const poll = fc
  .tuple(fc.constantFrom(...OWNERS), mostly(['{{0.request_id}}', '{{1.request_id}}'], ['none']))
  .map(([owner, id]) =>
    postStep(
      RUN,
      { inputs: { request_id: id }, options: { queueRequest: true } },
      { ...headersOf(owner), 'cf-consn-model-id': MODEL_ID },
    ),
  );

const others = fc.constantFrom<FuzzStep>(
  jsonStep('GET', '/workers-binding/ai-gateway/gateways/g/url/openai'),
  jsonStep('GET', '/workers-binding/ai-gateway/gateways/g/url/%2e%2e'),
  jsonStep('GET', '/workers-binding/ai-gateway/gateways/g/logs/none'),
  jsonStep('GET', '/workers-binding/to-everything/markdown/supported'),
);

export const BINDING_KIND: FuzzKind = {
  name: 'bindings',
  scripts: fc.tuple(fc.noBias(fc.nat(NUM_RUNS)), fc.constantFrom(...OWNERS)).chain(([number, owner]) => {
    const [first, second] = [`run-${owner}-${number}`, `run-${owner}-${number}b`];
    const follower = fc.oneof(
      { weight: 4, arbitrary: rest(first) },
      { weight: 2, arbitrary: rest(second) },
      { weight: 2, arbitrary: poll },
      { weight: 1, arbitrary: run(OWNERS.find((it) => it !== owner) ?? owner, first) },
      { weight: 1, arbitrary: others },
    );
    return fc
      .tuple(run(owner, first), run(owner, second), fc.array(follower, { minLength: 1, maxLength: 5 }))
      .map(([one, other, followers]): FuzzScript => [one, other, ...followers]);
  }),
};
