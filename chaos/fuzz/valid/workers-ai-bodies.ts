import { CHAT_BODIES } from './openai-bodies.ts';
import { RESPONSE_BODIES } from './response-bodies.ts';

/** Good bodies of Workers AI's route, for each of its tasks: together they have every field. */

type Body = Record<string, unknown>;

const SCHEMA = { type: 'object', properties: { a: { type: 'boolean' } } };
const HELLO = [{ role: 'user', content: 'Hi' }];
const FUNCTION = { name: 'f', description: 'Does it', parameters: SCHEMA, strict: true };

export const RUN_BODIES: readonly Body[] = [
  {
    prompt: 'Once',
    max_tokens: 5,
    temperature: 0.6,
    top_p: 0.9,
    top_k: 10,
    seed: 3,
    stream: false,
    raw: true,
    stop: ['zz'],
    repetition_penalty: 1.1,
    frequency_penalty: 0.5,
    presence_penalty: 0.5,
    cache_salt: 'a',
    functions: null,
    lora: null,
    image: null,
  },
  { prompt: 'Once', max_completion_tokens: 3 },
  { messages: HELLO, max_tokens: 4, stream: true },
  {
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: '', reasoning: 'Hm', tool_calls: [{ name: 'f', arguments: { a: 1 } }] },
      { role: 'tool', name: 'f', tool_call_id: 'c1', content: '5' },
      {
        role: 'assistant',
        content: [{ type: 'refusal', refusal: 'No' }],
        reasoning_content: 'Hm',
        tool_calls: [{ id: 'c2', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', name: 'f', tool_call_id: 'c2', content: '5' },
    ],
    tools: [FUNCTION],
    tool_choice: 'auto',
    parallel_tool_calls: true,
    chat_template_kwargs: { enable_thinking: false },
    reasoning_effort: null,
    options: { rejectIfBusy: true },
    max_tokens: 60,
  },
  {
    messages: HELLO,
    tools: [{ type: 'function', function: FUNCTION }],
    tool_choice: { type: 'function', function: { name: 'f' } },
    max_tokens: 60,
  },
  { messages: HELLO, response_format: { type: 'json_schema', json_schema: SCHEMA }, max_tokens: 30 },
  { messages: HELLO, response_format: { type: 'json_schema' }, max_tokens: 30 },
  { prompt: 'Once', max_tokens: 40, guided_json: SCHEMA },
  { prompt: 'Once', max_tokens: 40, guided_regex: '[a-c]{1,4}' },
  { prompt: 'Once', max_tokens: 40, guided_choice: ['yes', 'no'] },
  { prompt: 'Once', max_tokens: 40, guided_grammar: 'root ::= "a" | "b" root' },
  { text: ['a', 'The river'], pooling: 'mean', truncate_inputs: true },
  { query: 'fox', contexts: [{ text: 'bear' }], top_k: 1 },
  { input_text: 'The river is long.', max_length: 4 },
  { text: 'The river', target_lang: 'es', source_lang: 'en' },
];

export const SYSTEM_ONE_BODIES: readonly Body[] = [
  {
    state: { subject: 'Broken', lines: [1, 2] },
    questions: {
      damaged: { type: 'noul', instructions: 'Is it?', criteria: { true: 'It is', false: ['no', 1] } },
      team: { type: 'choice', instructions: { who: true }, criteria: { a: null, b: 'B', c: { d: 1 } } },
      badly: { type: 'score', instructions: ['How?'], criteria: ['fine', { worse: true }] },
    },
  },
  {
    model: null,
    state: 'It broke.',
    questions: { a: { type: 'noul', instructions: 'Is it?', criteria: null } },
    timeout_ms: 5000,
  },
];

/** Bodies by ids of Cloudflare's, each for its task; the services have an alias for all of them. */
export const TASK_BODIES: readonly (readonly [id: string, bodies: readonly Body[]])[] = [
  ['@cf/cloudflare/clef', SYSTEM_ONE_BODIES],
  ['@cf/zai-org/glm-4.7-flash', CHAT_BODIES],
  [
    '@cf/zai-org/glm-5.2',
    [
      {
        messages: HELLO,
        tools: [FUNCTION],
        response_format: { type: 'json_schema', json_schema: SCHEMA },
        stream: true,
        max_tokens: 30,
      },
    ],
  ],
  ['@cf/openai/gpt-oss-20b', [...RESPONSE_BODIES, { messages: HELLO, max_tokens: 2 }]],
  ['@cf/huggingface/distilbert-sst-2-int8', [{ text: 'I love it' }]],
  [
    '@cf/meta/llama-guard-3-8b',
    [{ messages: HELLO, max_tokens: 3, temperature: 0.5, response_format: { type: 'json_object' } }],
  ],
  ['@cf/facebook/bart-large-cnn', [{ input_text: 'The river is long.', max_length: 4 }]],
  ['@cf/meta/m2m100-1.2b', [{ text: 'The river', source_lang: 'en', target_lang: 'es' }]],
  ['@cf/ai4bharat/indictrans2-en-indic-1B', [{ text: ['The river'], target_language: 'hin_Deva' }]],
  ['@cf/baai/bge-m3', [{ contexts: [{ text: 'The river' }], pooling: 'cls' }]],
  ['@cf/qwen/qwen3-embedding-0.6b', [{ queries: ['river'], documents: 'The river', instruction: 'Find' }]],
  ['@cf/openai/whisper', [{ prompt: 'a' }]],
];

/** With `?queueRequest=true`. */
export const BATCH_BODIES: readonly Body[] = [
  { requests: [{ prompt: 'Once', max_tokens: 2, external_reference: 'a' }, { text: 'a' }] },
  { request_id: 'none' },
];
