import { MODEL_ID } from '../support/metrics.ts';

/** A request that is answered well, to be spoiled. */
export interface ValidRequest {
  method: string;
  path: string;
  body?: Record<string, unknown>;
}

const COMPLETION = {
  model: MODEL_ID,
  prompt: ['Once upon a time', 'The river'],
  max_tokens: 6,
  n: 2,
  temperature: 0.8,
  top_p: 0.9,
  top_k: 50,
  min_p: 0.01,
  seed: 1,
  stop: ['zz', 'qq'],
  echo: true,
  logprobs: 3,
  presence_penalty: 0.5,
  frequency_penalty: -0.5,
  repetition_penalty: 1.1,
  logit_bias: { '5': -100, '7': 2.5 },
  min_tokens: 1,
  ignore_eos: false,
  return_token_ids: true,
  truncate_prompt_tokens: 4,
  timeout_ms: 5000,
  cache_salt: 'a',
  user: 'somebody',
};

const CHAT = {
  model: MODEL_ID,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Hello' }], name: 'Ann' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":[1,{"b":2}]}' } }],
    },
    { role: 'tool', content: '5', tool_call_id: 'c1' },
    { role: 'user', content: 'Go on' },
  ],
  max_completion_tokens: 6,
  logprobs: true,
  top_logprobs: 2,
  stop: 'zz',
  temperature: 0.5,
  stream_options: null,
  response_format: { type: 'text' },
  metadata: { a: 'b' },
  thinking_token_budget: 3,
  reasoning: { effort: 'low', max_tokens: 3, exclude: false, enabled: true },
  thinking: { type: 'enabled', budget_tokens: 3 },
  options: { rejectIfBusy: false },
};

const RESPONSE = {
  model: MODEL_ID,
  instructions: 'Be brief.',
  input: [
    { role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
    { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Hm' }] },
    { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":[1,{"b":2}]}' },
    { type: 'function_call_output', call_id: 'c1', output: '5' },
  ],
  max_output_tokens: 6,
  include: ['message.output_text.logprobs'],
  top_logprobs: 2,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  metadata: { a: 'b' },
};

const MESSAGE = {
  model: MODEL_ID,
  max_tokens: 6,
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  messages: [
    { role: 'user', content: 'Hello' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm', signature: 'x' },
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: [1, { b: 2 }] } },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '5' }] },
  ],
  stop_sequences: ['zz'],
  temperature: 0.5,
  top_k: 40,
  thinking: { type: 'disabled' },
  tool_choice: { type: 'auto' },
};

const WORKERS_AI = {
  prompt: 'Once',
  max_tokens: 5,
  temperature: 0.6,
  top_p: 0.9,
  top_k: 10,
  seed: 3,
  stream: false,
  raw: true,
};

/** Every route of openapi.yaml, those that compute more than once. */
export const VALID_REQUESTS: readonly ValidRequest[] = [
  { method: 'POST', path: '/v1/completions', body: COMPLETION },
  { method: 'POST', path: '/v1/completions', body: { prompt: [1, 2, 3], max_tokens: 8, stream: true } },
  {
    method: 'POST',
    path: '/v1/completions',
    body: { prompt: [[1, 2], [3]], max_tokens: 4, stream: true, stream_options: { include_usage: true } },
  },
  { method: 'POST', path: '/v1/chat/completions', body: CHAT },
  {
    method: 'POST',
    path: '/v1/chat/completions',
    body: { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 4, stream: true },
  },
  { method: 'POST', path: '/v1/responses', body: RESPONSE },
  { method: 'POST', path: '/v1/responses', body: { input: 'Hi', max_output_tokens: 4, stream: true } },
  { method: 'POST', path: '/v1/responses/input_tokens', body: { input: 'Hi' } },
  { method: 'POST', path: '/v1/responses/compact', body: { input: 'Hi' } },
  { method: 'GET', path: '/v1/responses/resp_1' },
  { method: 'DELETE', path: '/v1/responses/resp_1' },
  { method: 'POST', path: '/v1/responses/resp_1/cancel' },
  { method: 'GET', path: '/v1/responses/resp_1/input_items' },
  { method: 'POST', path: '/v1/messages', body: MESSAGE },
  {
    method: 'POST',
    path: '/v1/messages',
    body: { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 4, stream: true },
  },
  {
    method: 'POST',
    path: '/v1/messages/count_tokens',
    body: { messages: [{ role: 'user', content: 'Hi' }] },
  },
  { method: 'POST', path: '/v1/embeddings', body: { input: ['a', 'The river'], encoding_format: 'float' } },
  {
    method: 'POST',
    path: '/v1/embeddings',
    body: { model: MODEL_ID, input: [[1, 2, 3]], encoding_format: 'base64', truncate_prompt_tokens: 2 },
  },
  {
    method: 'POST',
    path: '/v1/decisions',
    body: {
      model: MODEL_ID,
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'The fox ran.' }] }],
      questions: [
        { type: 'predicate', name: 'ran', instructions: 'Did it run?' },
        {
          type: 'choice',
          instructions: 'Who?',
          choices: [{ value: 'fox' }, { value: false, description: 'none' }],
        },
        { type: 'score', instructions: 'How fast?', levels: [{ label: 'slow' }, { label: 'fast' }] },
      ],
    },
  },
  {
    method: 'POST',
    path: '/v1/rerank',
    body: {
      model: MODEL_ID,
      query: 'fox',
      documents: ['a', { text: 'b' }],
      top_n: 1,
      return_documents: false,
    },
  },
  { method: 'POST', path: '/v2/rerank', body: { query: 'fox', documents: ['a'] } },
  { method: 'POST', path: '/rerank', body: { query: 'fox', documents: ['a'] } },
  { method: 'POST', path: '/v1/score', body: { model: MODEL_ID, text_1: 'fox', text_2: ['a', 'b'] } },
  { method: 'POST', path: '/score', body: { text_1: ['fox', 'bear'], text_2: ['a', 'b'] } },
  { method: 'POST', path: `/ai/run/${MODEL_ID}`, body: WORKERS_AI },
  {
    method: 'POST',
    path: `/client/v4/accounts/me/ai/run/@cf/${MODEL_ID}`,
    body: { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 4, stream: true },
  },
  {
    method: 'POST',
    path: `/ai/run/${MODEL_ID}`,
    body: {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: '', reasoning: 'Hm', tool_calls: [{ name: 'f', arguments: { a: 1 } }] },
        { role: 'tool', name: 'f', tool_call_id: 'c1', content: '5' },
      ],
      tools: [{ name: 'f', description: 'Does it', parameters: { type: 'object' } }],
      tool_choice: 'auto',
      response_format: { type: 'json_schema', json_schema: { type: 'object' } },
      chat_template_kwargs: { enable_thinking: false },
      reasoning_effort: null,
      options: { rejectIfBusy: true },
      max_tokens: 4,
    },
  },
  { method: 'POST', path: `/ai/run/${MODEL_ID}`, body: { text: ['a', 'The river'], pooling: 'mean' } },
  {
    method: 'POST',
    path: `/ai/run/${MODEL_ID}`,
    body: { query: 'fox', contexts: [{ text: 'bear' }], top_k: 1 },
  },
  {
    method: 'POST',
    path: `/ai/run/${MODEL_ID}?queueRequest=true`,
    body: { requests: [{ prompt: 'Once', max_tokens: 2, external_reference: 'a' }, { text: 'a' }] },
  },
  { method: 'POST', path: `/ai/run/${MODEL_ID}?queueRequest=true`, body: { request_id: 'none' } },
  { method: 'GET', path: '/ai/models/search?search=tales&page=1&per_page=5' },
  { method: 'GET', path: '/client/v4/accounts/me/ai/models/search' },
  ...['/ai/v1', '/client/v4/accounts/me/ai/v1'].flatMap((base): ValidRequest[] => [
    { method: 'POST', path: `${base}/completions`, body: { prompt: 'Once', max_tokens: 2 } },
    {
      method: 'POST',
      path: `${base}/chat/completions`,
      body: { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 },
    },
    { method: 'POST', path: `${base}/responses`, body: { input: 'Hi', max_output_tokens: 2 } },
    { method: 'POST', path: `${base}/responses/input_tokens`, body: { input: 'Hi' } },
    { method: 'GET', path: `${base}/responses/resp_1` },
    { method: 'DELETE', path: `${base}/responses/resp_1` },
    { method: 'POST', path: `${base}/responses/resp_1/cancel` },
    { method: 'GET', path: `${base}/responses/resp_1/input_items` },
    { method: 'POST', path: `${base}/embeddings`, body: { input: 'a' } },
    { method: 'GET', path: `${base}/models` },
    { method: 'GET', path: `${base}/models/${MODEL_ID}` },
  ]),
  { method: 'POST', path: '/tokenize', body: { model: MODEL_ID, prompt: 'Hello', add_special_tokens: true } },
  { method: 'POST', path: '/detokenize', body: { model: MODEL_ID, tokens: [1, 2, 300] } },
  { method: 'POST', path: '/v1/attention', body: { model: MODEL_ID, prompt: 'Hello there', layers: [0, 2] } },
  { method: 'GET', path: '/v1/models' },
  { method: 'GET', path: `/v1/models/${MODEL_ID}` },
  { method: 'GET', path: '/v1/requests' },
  { method: 'GET', path: '/v1/requests/cmpl-1' },
  { method: 'DELETE', path: '/v1/requests/cmpl-1' },
  { method: 'GET', path: '/v1/streams/cmpl-1' },
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
  body: { prompt_tokens: 4, max_tokens: 2, concurrency: [1], repeats: 1, modes: ['engine'], stream: false },
};
