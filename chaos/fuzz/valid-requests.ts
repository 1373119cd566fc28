import { MODEL_ID } from '../support/metrics.ts';
import { MARKDOWN_BODIES } from './valid/markdown-bodies.ts';
import { COUNT_TOKENS_BODIES, MESSAGE_BODIES } from './valid/message-bodies.ts';
import { CHAT_BODIES, COMPLETION_BODIES, EMBEDDING_BODIES } from './valid/openai-bodies.ts';
import {
  OLLAMA_CHAT_BODIES,
  OLLAMA_EMBED_BODIES,
  OLLAMA_EMBEDDINGS_BODIES,
  OLLAMA_GENERATE_BODIES,
  OLLAMA_SHOW_BODIES,
} from './valid/ollama-bodies.ts';
import { DECISION_BODIES, INPUT_TOKENS_BODIES, RESPONSE_BODIES } from './valid/response-bodies.ts';
import { BATCH_BODIES, RUN_BODIES, SYSTEM_ONE_BODIES, TASK_BODIES } from './valid/workers-ai-bodies.ts';

/** A request that is answered well, or that asks for something that is not there: to be spoiled. */
export interface ValidRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: Record<string, unknown> | readonly unknown[];
}

const posts = (path: string, bodies: readonly Record<string, unknown>[]): ValidRequest[] =>
  bodies.map((body) => ({ method: 'POST', path, body }));

/** Requests for answers; one of them once more as a stream that can be resumed. */
const answers = (path: string, bodies: readonly Record<string, unknown>[]): ValidRequest[] => {
  const [streamed] = bodies.filter(({ stream }) => stream === true);
  const resumable = { method: 'POST', path, headers: { 'x-stream-resumable': 'true' } };
  return [...posts(path, bodies), ...(streamed === undefined ? [] : [{ ...resumable, body: streamed }])];
};

/** Of the APIs that are there under three bases: OpenAI's, Anthropic's and System One's. */
const perBase = (base: string): ValidRequest[] => [
  ...answers(`${base}/completions`, COMPLETION_BODIES),
  ...answers(`${base}/chat/completions`, CHAT_BODIES),
  ...answers(`${base}/responses`, RESPONSE_BODIES),
  ...posts(`${base}/responses/input_tokens`, INPUT_TOKENS_BODIES),
  { method: 'GET', path: `${base}/responses/resp_1` },
  { method: 'DELETE', path: `${base}/responses/resp_1` },
  { method: 'POST', path: `${base}/responses/resp_1/cancel` },
  { method: 'GET', path: `${base}/responses/resp_1/input_items?limit=2&order=asc&after=msg_1` },
  ...posts(`${base}/embeddings`, EMBEDDING_BODIES),
  { method: 'GET', path: `${base}/models` },
  { method: 'GET', path: `${base}/models/${MODEL_ID}` },
  ...answers(`${base}/messages`, MESSAGE_BODIES),
  ...posts(`${base}/messages/count_tokens`, COUNT_TOKENS_BODIES),
  ...posts(`${base}/systemone`, SYSTEM_ONE_BODIES),
];

const MODEL_SEARCH =
  'search=tales&task=Text%20Generation&author=a&source=1&hide_experimental=true&include_deprecated=false&page=1&per_page=5';

/** Workers AI's, which is there with an account and without. */
const workersAi = (base: string): ValidRequest[] => [
  ...answers(`${base}/run/${MODEL_ID}`, RUN_BODIES),
  ...TASK_BODIES.flatMap(([id, bodies]) => posts(`${base}/run/${id}`, bodies)),
  ...answers(`${base}/run`, [
    { model: MODEL_ID, input: { prompt: 'Once', max_tokens: 2 } },
    ...TASK_BODIES.map(([model, [input = {}]]) => ({ model, input })),
  ]),
  {
    method: 'POST',
    path: `${base}/run?queueRequest=true`,
    headers: { 'x-stream-resumable': 'true' },
    body: { model: MODEL_ID, input: { requests: [{ prompt: 'Once' }] } },
  },
  ...posts(`${base}/run/${MODEL_ID}?queueRequest=true`, BATCH_BODIES),
  {
    method: 'GET',
    path: `${base}/models/search?${MODEL_SEARCH}`,
  },
  // A form; fuzz-documents sends files.
  {
    method: 'POST',
    path: `${base}/tomarkdown`,
    headers: { 'content-type': 'multipart/form-data; boundary=a' },
  },
  { method: 'GET', path: `${base}/tomarkdown/supported` },
];

/** What the class behind a Worker's `env.AI` sends. */
const WORKERS_BINDING: readonly ValidRequest[] = [
  ...['run', 'ai-gateway/run'].flatMap((path) =>
    [
      ...RUN_BODIES.map((inputs) => ({ inputs, options: { gateway: { id: 'a' }, tags: ['b'] } })),
      ...BATCH_BODIES.map((inputs) => ({ inputs, options: { queueRequest: true } })),
    ]
      .map((body): readonly [id: string, body: Record<string, unknown>] => [MODEL_ID, body])
      .concat(TASK_BODIES.flatMap(([id, bodies]) => bodies.map((inputs) => [id, { inputs }] as const)))
      .map(([id, body]) => ({
        method: 'POST' as const,
        path: `/workers-binding/${path}?version=3`,
        headers: {
          'cf-consn-model-id': id,
          'cf-consn-sdk-version': '2.0.0',
          'x-stream-resumable': 'true',
        },
        body,
      })),
  ),
  { method: 'GET', path: `/workers-binding/ai-api/models/search?${MODEL_SEARCH}` },
  ...posts('/workers-binding/to-everything/markdown/transformer', MARKDOWN_BODIES),
  { method: 'GET', path: '/workers-binding/to-everything/markdown/supported' },
  // As Miniflare wraps it.
  {
    method: 'POST',
    path: '/workers-binding',
    headers: {
      'mf-url': 'https://workers-binding.ai/run?version=3',
      'mf-binding': 'AI',
      'mf-header-content-type': 'application/json',
      'mf-header-cf-consn-model-id': MODEL_ID,
    },
    body: { inputs: { prompt: 'a', max_tokens: 2 }, options: {} },
  },
];

const GATEWAY_HEADERS: Readonly<Record<string, string>> = {
  'cf-aig-skip-cache': 'false',
  'cf-aig-cache-ttl': '60',
  'cf-aig-cache-key': 'a',
  'cf-aig-metadata': '{"a":1,"b":"c"}',
  'cf-aig-collect-log': 'true',
  'cf-aig-collect-log-payload': 'true',
  'cf-aig-event-id': 'a',
  'cf-aig-request-timeout': '5000',
  'cf-aig-max-attempts': '2',
  'cf-aig-retry-delay': '1',
  'cf-aig-backoff': 'linear',
  'cf-aig-custom-cost': '{"per_token_in":0.1,"per_token_out":0.1}',
};

const GATEWAY_OPTION = {
  id: 'a',
  metadata: { a: 1, b: true },
  collectLog: true,
  eventId: 'a',
  skipCache: false,
  cacheTtl: 60,
  cacheKey: 'a',
  requestTimeoutMs: 5000,
  retries: { maxAttempts: 2, retryDelayMs: 1, backoff: 'exponential' },
};

const UNIVERSAL_STEP = {
  provider: 'workers-ai',
  endpoint: MODEL_ID,
  headers: { authorization: 'Bearer a', 'cf-aig-cache-ttl': 60, 'cf-aig-metadata': { a: 1 } },
  query: { prompt: 'a', max_tokens: 2 },
  config: {
    requestTimeout: 5000,
    maxAttempts: 2,
    retryDelay: 1,
    backoff: 'constant',
    cacheTtl: 60,
    skipCache: true,
  },
};

const LOG_PATCH = { feedback: 1, score: 50, metadata: { a: 1 } };
const LOG = '01M8KWES5R31B0KD9AQJ37Q2PC';
const LOG_QUERY =
  'page=1&per_page=5&order_by=created_at&order_by_direction=asc&direction=asc&provider=openai&model=a&success=true&cached=false';

/** AI Gateway's: providers behind it, its logs, and both as a Worker's binding has them. */
const GATEWAY: readonly ValidRequest[] = [
  ...[
    ['openai/chat/completions', CHAT_BODIES],
    ['compat/chat/completions', CHAT_BODIES],
    ['anthropic/v1/messages', MESSAGE_BODIES],
    [`workers-ai/${MODEL_ID}`, RUN_BODIES],
  ].flatMap(([path, bodies]) =>
    (bodies as readonly Record<string, unknown>[]).slice(0, 2).map((body) => ({
      method: 'POST',
      path: `/gateway/a/b/${path as string}`,
      headers: { ...GATEWAY_HEADERS, 'x-stream-resumable': 'false' },
      body,
    })),
  ),
  ...['/gateway/a/b', '/workers-binding/ai-gateway/universal/run/b'].flatMap((path) =>
    [UNIVERSAL_STEP, [UNIVERSAL_STEP, UNIVERSAL_STEP]].map((body) => ({
      method: 'POST',
      path,
      headers: { ...GATEWAY_HEADERS, 'x-stream-resumable': 'false' },
      body,
    })),
  ),
  {
    method: 'POST',
    path: '/workers-binding/ai-gateway/run?version=3',
    headers: { 'cf-consn-model-id': MODEL_ID },
    body: { inputs: { prompt: 'a', max_tokens: 2 }, options: { gateway: GATEWAY_OPTION } },
  },
  ...['/workers-binding', '', '/client/v4/accounts/a'].flatMap((base) => {
    const gateway = `${base}/ai-gateway/gateways/b`;
    return [
      { method: 'GET', path: `${gateway}/logs/${LOG}` },
      { method: 'PATCH', path: `${gateway}/logs/${LOG}`, body: LOG_PATCH },
      { method: 'GET', path: `${gateway}/url/openai` },
    ];
  }),
  { method: 'GET', path: '/workers-binding/ai-gateway/gateways/b/run/a/resume?from=1' },
  { method: 'GET', path: `/client/v4/accounts/a/ai-gateway/gateways/b/logs?${LOG_QUERY}` },
  { method: 'GET', path: `/ai-gateway/gateways/b/logs?${LOG_QUERY}` },
];

const OLLAMA: readonly ValidRequest[] = [
  ...posts('/api/chat', OLLAMA_CHAT_BODIES),
  ...posts('/api/generate', OLLAMA_GENERATE_BODIES),
  ...posts('/api/embed', OLLAMA_EMBED_BODIES),
  ...posts('/api/embeddings', OLLAMA_EMBEDDINGS_BODIES),
  ...posts('/api/show', OLLAMA_SHOW_BODIES),
  ...['tags', 'ps', 'version'].map((name) => ({ method: 'GET', path: `/api/${name}` })),
];

const VECTOR = {
  id: 'one',
  values: [1, 0, 0.5],
  namespace: 'mine',
  metadata: { kind: 'a', n: 1, in: { it: true } },
};
const VECTOR_QUERIES = [
  {
    vector: [1, 0, 0.5],
    topK: 3,
    returnValues: true,
    returnMetadata: 'all',
    filter: { kind: 'a', n: { $gte: 0, $lt: 9 } },
  },
  {
    vectorId: 'one',
    namespace: 'mine',
    returnMetadata: 'indexed',
    filter: { 'in.it': { $in: [true, null] } },
  },
];
const VECTOR_INDEXES = '/client/v4/accounts/me/vectorize/v2/indexes';

/** Of an index, by the binding and by the REST API. A vector is a batch of one line. */
const vectorRequests = (base: string, getByIds: string, deleteByIds: string): ValidRequest[] => [
  { method: 'GET', path: `${base}/info` },
  ...['insert', 'upsert'].map((mode) => ({
    method: 'POST',
    path: `${base}/${mode}?unparsable-behavior=error`,
    body: VECTOR,
  })),
  ...posts(`${base}/query`, VECTOR_QUERIES),
  ...posts(`${base}/${getByIds}`, [{ ids: ['one'] }]),
  ...posts(`${base}/${deleteByIds}`, [{ ids: ['other'] }]),
];

const VECTORIZE: readonly ValidRequest[] = [
  ...posts(VECTOR_INDEXES, [
    { name: 'fuzzed', description: 'a', config: { dimensions: 3, metric: 'cosine' } },
    { name: 'preset', config: { preset: '@cf/baai/bge-small-en-v1.5' } },
  ]),
  { method: 'GET', path: VECTOR_INDEXES },
  { method: 'GET', path: `${VECTOR_INDEXES}/fuzzed` },
  { method: 'DELETE', path: `${VECTOR_INDEXES}/preset` },
  ...vectorRequests('/workers-binding/vectorize/fuzzed', 'getByIds', 'deleteByIds'),
  ...vectorRequests(`${VECTOR_INDEXES}/fuzzed`, 'get_by_ids', 'delete_by_ids'),
  { method: 'GET', path: `${VECTOR_INDEXES}/fuzzed/list?count=2&cursor=b25l` },
  ...posts(`${VECTOR_INDEXES}/fuzzed/metadata_index/create`, [{ propertyName: 'kind', indexType: 'string' }]),
  { method: 'GET', path: `${VECTOR_INDEXES}/fuzzed/metadata_index/list` },
  ...posts(`${VECTOR_INDEXES}/fuzzed/metadata_index/delete`, [{ propertyName: 'other' }]),
];

const SHARED = { cache_salt: 'a', timeout_ms: 5000, user: 'somebody' };
const RERANK_BODIES = [
  {
    model: MODEL_ID,
    query: 'fox',
    documents: ['a', { text: 'b' }],
    top_n: 1,
    return_documents: false,
    ...SHARED,
  },
  { query: 'fox', documents: ['a'] },
];
const SCORE_BODIES = [
  { model: MODEL_ID, text_1: 'fox', text_2: ['a', 'b'], ...SHARED },
  { text_1: ['fox', 'bear'], text_2: ['a', 'b'] },
];

/** Every route of openapi.yaml, with every field of it. */
export const VALID_REQUESTS: readonly ValidRequest[] = [
  ...perBase('/v1'),
  { method: 'POST', path: '/v1/responses/compact', body: { input: 'Hi' } },
  ...posts('/v1/decisions', DECISION_BODIES),
  ...['/v1/rerank', '/v2/rerank', '/rerank'].flatMap((path) => posts(path, RERANK_BODIES)),
  ...['/v1/score', '/score'].flatMap((path) => posts(path, SCORE_BODIES)),
  ...workersAi('/ai'),
  ...workersAi('/client/v4/accounts/me/ai'),
  ...WORKERS_BINDING,
  ...GATEWAY,
  ...OLLAMA,
  ...VECTORIZE,
  ...['/ai/v1', '/client/v4/accounts/me/ai/v1'].flatMap(perBase),
  ...posts('/tokenize', [{ model: MODEL_ID, prompt: 'Hello', add_special_tokens: true }, { text: 'Hello' }]),
  // With the headers of routers.
  {
    method: 'POST',
    path: '/v1/completions',
    headers: {
      'x-llm-d-slo-ttft-ms': '5000',
      'x-llm-d-inference-fairness-id': 'a',
      'x-gateway-destination-endpoint': '10.0.0.1:8000',
    },
    body: { prompt: 'Once', max_tokens: 2 },
  },
  ...posts('/v1/completions/render', COMPLETION_BODIES),
  ...posts('/v1/chat/completions/render', CHAT_BODIES),
  ...posts('/v1/responses/render', RESPONSE_BODIES),
  ...posts('/detokenize', [{ model: MODEL_ID, tokens: [1, 2, 300] }]),
  ...posts('/v1/attention', [{ model: MODEL_ID, prompt: 'Hello there', layers: [0, 2] }]),
  { method: 'GET', path: '/v1/requests' },
  { method: 'GET', path: '/v1/requests/cmpl-1' },
  { method: 'DELETE', path: '/v1/requests/cmpl-1' },
  { method: 'GET', path: '/v1/streams/cmpl-1?from=3', headers: { 'last-event-id': '2' } },
  { method: 'GET', path: '/health' },
  { method: 'GET', path: '/ready' },
  { method: 'GET', path: '/metrics' },
  { method: 'GET', path: '/openapi.yaml' },
  { method: 'GET', path: '/benchmark' },
  { method: 'GET', path: '/benchmark/runs' },
  { method: 'GET', path: '/benchmark/runs/1' },
  { method: 'DELETE', path: '/benchmark/runs/1' },
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/docs' },
  { method: 'GET', path: '/assets/main.js' },
];

/** It computes for a while: few of the requests are such. */
export const BENCHMARK_REQUEST: ValidRequest = {
  method: 'POST',
  path: '/benchmark',
  headers: { 'x-stream-resumable': 'true' },
  body: {
    model: MODEL_ID,
    prompt_tokens: 4,
    max_tokens: 2,
    concurrency: [1],
    repeats: 1,
    context_sweep: false,
    modes: ['engine'],
    seed: 1,
    stream: false,
  },
};
