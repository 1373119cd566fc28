import { MODEL_ID } from '../support/metrics.ts';
import { MARKDOWN_BODIES } from './valid/markdown-bodies.ts';
import { COUNT_TOKENS_BODIES, MESSAGE_BODIES } from './valid/message-bodies.ts';
import { CHAT_BODIES, COMPLETION_BODIES, EMBEDDING_BODIES } from './valid/openai-bodies.ts';
import { DECISION_BODIES, INPUT_TOKENS_BODIES, RESPONSE_BODIES } from './valid/response-bodies.ts';
import { BATCH_BODIES, RUN_BODIES, SYSTEM_ONE_BODIES, TASK_BODIES } from './valid/workers-ai-bodies.ts';

/** A request that is answered well, or that asks for something that is not there: to be spoiled. */
export interface ValidRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: Record<string, unknown>;
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
  ...VECTORIZE,
  ...['/ai/v1', '/client/v4/accounts/me/ai/v1'].flatMap(perBase),
  ...posts('/tokenize', [{ model: MODEL_ID, prompt: 'Hello', add_special_tokens: true }, { text: 'Hello' }]),
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
