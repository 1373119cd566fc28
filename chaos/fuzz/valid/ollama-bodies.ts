import { MODEL_ID } from '../../support/metrics.ts';
import type { Body } from './openai-bodies.ts';

/** Good bodies of Ollama's routes: together they have every field, and every kind of each. */

const SCHEMA = { type: 'object', properties: { a: { type: 'integer', minimum: 0, maximum: 9 } } };

const OPTIONS: Body = {
  num_predict: 4,
  temperature: 0.8,
  top_k: 40,
  top_p: 0.9,
  min_p: 0.01,
  seed: 1,
  stop: ['zz', 'qq'],
  repeat_penalty: 1.1,
  presence_penalty: 0.5,
  frequency_penalty: -0.5,
  repeat_last_n: -1,
  penalize_newline: true,
  mirostat: 0,
  tfs_z: 1,
  typical_p: 1,
  mirostat_tau: 5,
  mirostat_eta: 0.1,
  num_ctx: 2048,
  num_keep: 4,
  num_batch: 512,
  num_gpu: 1,
  num_gqa: 1,
  num_thread: 2,
  main_gpu: 0,
  low_vram: false,
  f16_kv: true,
  logits_all: false,
  vocab_only: false,
  use_mmap: true,
  use_mlock: false,
  embedding_only: false,
  rope_frequency_base: 10_000,
  rope_frequency_scale: 1,
  numa: false,
};

const SHORT = { num_predict: 4, stop: 'zz' };
const NOT_WANTED: Body = { truncate: false, shift: false, logprobs: false, top_logprobs: 0 };
const HELLO = [{ role: 'user', content: 'Hello' }];
const TOOL = {
  type: 'function',
  function: { name: 'f', description: 'Does it', parameters: SCHEMA, strict: true },
};

export const OLLAMA_CHAT_BODIES: readonly Body[] = [
  {
    model: MODEL_ID,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello', images: [] },
      {
        role: 'assistant',
        content: '',
        thinking: 'Hm',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'f', arguments: { a: [1, { b: 2 }] } } },
        ],
      },
      { role: 'tool', content: '5', tool_name: 'f', tool_call_id: 'c1' },
    ],
    options: OPTIONS,
    stream: false,
    keep_alive: '5m',
    timeout_ms: 5000,
    think: true,
    ...NOT_WANTED,
  },
  { model: MODEL_ID, messages: HELLO, stream: true, options: SHORT, think: 'low', tools: [TOOL] },
  { model: MODEL_ID, messages: HELLO, options: { num_predict: 40 }, format: SCHEMA },
  {
    model: MODEL_ID,
    messages: HELLO,
    max_output_tokens: 40,
    temperature: 0.5,
    top_p: 0.9,
    tools: [TOOL],
    tool_choice: { type: 'function', name: 'f' },
  },
  ...[
    { type: 'function', function: { name: 'f' } },
    { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f', server_label: null }] },
  ].map((choice) => ({
    model: MODEL_ID,
    messages: HELLO,
    options: SHORT,
    tools: [TOOL],
    tool_choice: choice,
  })),
  { model: MODEL_ID, messages: [...HELLO, { role: 'assistant', content: 'Once' }], options: SHORT },
  { model: MODEL_ID, messages: [], keep_alive: 0 },
];

export const OLLAMA_GENERATE_BODIES: readonly Body[] = [
  {
    model: MODEL_ID,
    prompt: 'Once',
    system: 'Be brief.',
    options: OPTIONS,
    stream: false,
    keep_alive: 60,
    timeout_ms: 5000,
    think: false,
    format: '',
    raw: false,
    images: [],
    suffix: '',
    template: '',
    context: [],
    ...NOT_WANTED,
  },
  { model: MODEL_ID, prompt: 'Once', raw: true, stream: true, options: SHORT },
  { model: MODEL_ID, prompt: 'Once', format: 'json', options: { num_predict: 40 } },
  { model: MODEL_ID, prompt: 'Once', max_tokens: 4, temperature: 0.5, top_p: 0.9, stop: ['zz'] },
];

export const OLLAMA_EMBED_BODIES: readonly Body[] = [
  {
    model: MODEL_ID,
    input: ['a', 'The river'],
    truncate: true,
    dimensions: null,
    options: {},
    keep_alive: '5m',
    timeout_ms: 5000,
  },
  { model: MODEL_ID, input: 'a', truncate: false },
];

export const OLLAMA_EMBEDDINGS_BODIES: readonly Body[] = [
  { model: MODEL_ID, prompt: 'The river', options: {}, keep_alive: '5m', timeout_ms: 5000 },
  { model: MODEL_ID, prompt: null },
];

export const OLLAMA_SHOW_BODIES: readonly Body[] = [
  { model: MODEL_ID, verbose: true, system: 'a', template: 'a', options: {} },
  { name: MODEL_ID },
];
