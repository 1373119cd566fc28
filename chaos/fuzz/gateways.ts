import * as fc from 'fast-check';
import { MODEL_ID } from '../support/metrics.ts';
import { jsonStep, mostly, postStep, type FuzzKind, type FuzzScript, type FuzzStep } from './fuzz-script.ts';
import { privateTo } from './judge-script.ts';

/**
 * Requests through gateways by two owners who share an address, gateways and keys of the cache: answers that are kept,
 * attempts and lists of them, and what both read in the logs of each other.
 */

const REST = '/client/v4/accounts/a/ai-gateway/gateways';
const BINDING = '/workers-binding/ai-gateway/gateways';

interface Owner {
  readonly name: string;
  readonly headers: Record<string, string>;
}

const owner = fc.constantFrom<Owner>(
  ...['one', 'two'].map((name) => ({ name, headers: { authorization: `Bearer invented-${name}` } })),
  { name: 'nobody', headers: {} },
);
const gateway = mostly(['g', 'g', 'g', 'other'], ['a.b', 'x'.repeat(65)]);

/** Values of headers that are as they must be, and some that are not. */
const GATEWAY_HEADERS: Readonly<Record<string, readonly [good: readonly string[], bad: readonly string[]]>> =
  {
    'cf-aig-cache-key': [
      ['shared', 'other'],
      ['', 'x'.repeat(300)],
    ],
    'cf-aig-cache-ttl': [
      ['0', '60', '2678400'],
      ['-1', '1e3', '99999999999999'],
    ],
    'cf-aig-skip-cache': [['true', 'false'], ['yes']],
    'cf-aig-collect-log': [['true', 'true', 'false'], ['1']],
    'cf-aig-collect-log-payload': [['true', 'false'], ['']],
    'cf-aig-event-id': [['event'], ['\u00e9']],
    'cf-aig-request-timeout': [
      ['1', '20', '60000'],
      ['0', '3600001'],
    ],
    'cf-aig-max-attempts': [
      ['1', '2', '5'],
      ['0', '6', '1.5'],
    ],
    'cf-aig-retry-delay': [
      ['0', '1', '50'],
      ['5001', '-1'],
    ],
    'cf-aig-backoff': [['constant', 'linear', 'exponential'], ['random']],
    'cf-aig-custom-cost': [
      ['{"per_token_in":1,"per_token_out":2}', '{"total_cost":1e9}'],
      ['{"a":1}', '{', '[]'],
    ],
  };

const metadataOf = (name: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 40, arbitrary: fc.constant(JSON.stringify({ whose: privateTo(name), n: 1 })) },
    {
      weight: 1,
      arbitrary: fc
        .dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 1 }))
        .map((it) => JSON.stringify(it)),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '{"__proto__":1,"a":2}',
        '{',
        'null',
        JSON.stringify({ a: 'x'.repeat(1025) }),
      ),
    },
  );

const headersOf = ({ name, headers }: Owner): fc.Arbitrary<Record<string, string>> =>
  fc
    .record(
      {
        ...Object.fromEntries(
          Object.entries(GATEWAY_HEADERS).map(([key, [good, bad]]) => [key, mostly(good, bad, 60)]),
        ),
        'cf-aig-metadata': metadataOf(name),
      },
      { requiredKeys: [] },
    )
    .map((given) => ({ ...(given as Record<string, string>), ...headers }));

/** What is asked of a provider. Its answer has the prompt, where it may. */
const request = (name: string): fc.Arbitrary<readonly [provider: string, path: string, body: object]> => {
  const text = `Say ${privateTo(name)}`;
  const messages = [{ role: 'user', content: text }];
  return fc.constantFrom<readonly [string, string, object]>(
    ['openai', 'completions', { prompt: text, max_tokens: 2, echo: true }],
    ['openai', 'completions', { prompt: text, max_tokens: 2, echo: true, stream: true }],
    ['openai', 'chat/completions', { messages, max_tokens: 2 }],
    ['openai', 'chat/completions', { messages, max_tokens: 2, stream: true, model: 'nobody' }],
    ['openai', 'embeddings', { input: [text, 'a'] }],
    ['compat', 'chat/completions', { messages, max_tokens: 2, model: `workers-ai/${MODEL_ID}` }],
    ['anthropic', 'v1/messages', { messages, max_tokens: 2 }],
    ['anthropic', 'v1/messages', { messages, max_tokens: -1 }],
    ['workers-ai', MODEL_ID, { prompt: text, max_tokens: 2 }],
    ['workers-ai', 'none', { prompt: text }],
    ['groq', 'chat/completions', { messages, max_tokens: 1 }],
    ['nobody', 'v1', {}],
  );
};

const toProvider = (asker: Owner): fc.Arbitrary<FuzzStep> =>
  fc
    .tuple(gateway, request(asker.name), headersOf(asker))
    .map(([id, [provider, path, body], headers]) =>
      postStep(`/gateway/a/${id}/${provider}/${path}`, body, headers),
    );

const toProviders = (asker: Owner): fc.Arbitrary<FuzzStep> => {
  const config = fc.record(
    {
      requestTimeout: mostly([1, 50, 5000], [0]),
      maxAttempts: fc.constantFrom(1, 2, 5),
      retryDelay: fc.constantFrom(0, 1, 20),
      backoff: fc.constantFrom('constant', 'linear', 'exponential'),
      cacheTtl: fc.constantFrom(0, 60),
      skipCache: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const entry = fc
    .tuple(request(asker.name), headersOf(asker), config)
    .map(([[provider, endpoint, query], headers, given]) => ({
      provider,
      endpoint,
      headers,
      query,
      config: given,
    }));
  const paths = fc.oneof(
    gateway.map((id) => `/gateway/a/${id}`),
    gateway.map((id) => `/workers-binding/ai-gateway/universal/run/${id}`),
  );
  return fc
    .tuple(paths, fc.array(entry, { minLength: 1, maxLength: 4 }), headersOf(asker))
    .map(([path, entries, headers]) => postStep(path, entries, headers));
};

const logQuery = mostly(
  ['', '', '?per_page=1', '?page=2&per_page=1', '?success=false', '?cached=true'],
  ['?search=a', '?order_by=none', '?page=0'],
);
const patch = mostly<object>(
  [{ feedback: 1 }, { score: 50 }, { metadata: { a: 1 } }, {}],
  [{ feedback: 'a' }, { score: 101 }, { metadata: { a: {} } }],
  8,
);

/** Reads or changes a log that the answer to a step lists. */
const ofLog = (listed: number): fc.Arbitrary<FuzzStep> =>
  fc
    .tuple(
      fc.constantFrom(REST, BINDING, '/ai-gateway/gateways'),
      gateway,
      mostly(['result.0.id', 'result.1.id'], ['none']),
      owner,
      fc.option(patch),
    )
    .map(([base, id, key, { headers }, change]) => {
      const path = `${base}/${id}/logs/{{${listed}.${key}}}`;
      return change === null
        ? jsonStep('GET', path, undefined, headers)
        : jsonStep('PATCH', path, change, headers);
    });

const listing = fc
  .tuple(gateway, logQuery, owner)
  .map(([id, query, { headers }]) => jsonStep('GET', `${REST}/${id}/logs${query}`, undefined, headers));

const call = owner.chain((asker) =>
  fc.oneof({ weight: 4, arbitrary: toProvider(asker) }, { weight: 1, arbitrary: toProviders(asker) }),
);

export const GATEWAY_KIND: FuzzKind = {
  name: 'gateways',
  scripts: fc
    .array(call, { minLength: 1, maxLength: 4 })
    .chain((calls) =>
      fc
        .tuple(listing, fc.array(ofLog(calls.length), { minLength: 1, maxLength: 4 }), listing)
        .map(([first, reads, last]): FuzzScript => [...calls, first, ...reads, last]),
    ),
};
