import { MODEL_ID } from '../../support/metrics.ts';

/** Good bodies of OpenAI's routes: together they have every field, and every kind of each. */

export type Body = Record<string, unknown>;

const SCHEMA = { type: 'object', properties: { a: { type: 'integer', minimum: 0, maximum: 9 } } };

/** Each way to say what a text must look like; a body has one of them. */
const FORMATS: readonly Body[] = [
  {
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'it', description: 'A thing', schema: SCHEMA, strict: true },
    },
  },
  { response_format: { type: 'json_object', schema: SCHEMA } },
  { structured_outputs: { json: SCHEMA } },
  { structured_outputs: { regex: '[a-c]{1,4}' } },
  { structured_outputs: { choice: ['yes', 'no'] } },
  { structured_outputs: { grammar: 'root ::= "a" | "b" root' } },
  { structured_outputs: { json_object: true } },
  { guided_json: SCHEMA },
  { guided_regex: '[a-c]+\\.' },
  { guided_choice: ['yes', 'no'] },
  { guided_grammar: 'root ::= ("a" | "b")+ "."' },
  { json_schema: SCHEMA },
  { grammar: 'root ::= [a-z]{1,5}' },
];

/** Fields that are ignored, or taken at the value that changes nothing. */
const OTHER_FIELDS: Body = {
  user: 'somebody',
  store: false,
  service_tier: 'auto',
  safety_identifier: 'a',
  prompt_cache_key: 'a',
  prompt_cache_retention: '24h',
  cache_control: { type: 'ephemeral' },
  spaces_between_special_tokens: true,
  guided_decoding_backend: 'auto',
  use_beam_search: false,
  length_penalty: 1,
  early_stopping: false,
  prompt_logprobs: null,
  allowed_token_ids: null,
  bad_words: [],
  logits_processors: [],
  return_tokens_as_token_ids: false,
  guided_whitespace_pattern: null,
  structural_tag: null,
  kv_transfer_params: {},
  vllm_xargs: {},
  priority: 0,
  request_id: null,
  cache_prompt: true,
  id_slot: -1,
  dry_base: 1.75,
  dry_allowed_length: 2,
  dry_penalty_last_n: -1,
  dry_sequence_breakers: ['\n'],
  xtc_threshold: 0.1,
  mirostat_tau: 5,
  mirostat_eta: 0.1,
  dynatemp_exponent: 1,
  n_predict: null,
  n_keep: 0,
  n_probs: 0,
  min_keep: 0,
  typical_p: 1,
  dynatemp_range: 0,
  dry_multiplier: 0,
  xtc_probability: 0,
  mirostat: 0,
  samplers: null,
  repeat_last_n: -1,
  t_max_predict_ms: 0,
  lora: [],
  post_sampling_probs: false,
  return_tokens: false,
  return_progress: false,
  timings_per_token: false,
  response_fields: null,
  ttl: 60,
  draft_model: 'a',
  keep_alive: '5m',
  format: null,
};

/** What completions and chats have in common. */
const SAMPLING: Body = {
  temperature: 0.8,
  top_p: 0.9,
  top_k: 50,
  min_p: 0.01,
  seed: 1,
  stop: ['zz', 'qq'],
  presence_penalty: 0.5,
  frequency_penalty: -0.5,
  repetition_penalty: 1.1,
  logit_bias: { '5': -100, '7': 2.5 },
  min_tokens: 1,
  ignore_eos: false,
  return_token_ids: true,
  truncate_prompt_tokens: 40,
  timeout_ms: 5000,
  cache_salt: 'a',
  stop_token_ids: [3],
  skip_special_tokens: false,
  options: { rejectIfBusy: false },
  metadata: { a: 'b' },
};

const STREAM: Body = {
  stream: true,
  stream_options: { include_usage: true, include_obfuscation: false, every_token: true },
};

export const COMPLETION_BODIES: readonly Body[] = [
  {
    model: MODEL_ID,
    prompt: ['Once upon a time', 'The river'],
    max_tokens: 6,
    n: 2,
    best_of: 2,
    echo: true,
    logprobs: 3,
    ...SAMPLING,
  },
  { prompt: [1, 2, 3], max_tokens: 8, stream: true, repeat_penalty: 1.1 },
  { prompt: [[1, 2], [3]], max_tokens: 4, include_stop_str_in_output: true, stop: 'e', ...STREAM },
  { prompt: 'Once', max_tokens: 2, add_special_tokens: false, suffix: '', ...OTHER_FIELDS },
  ...FORMATS.map((format) => ({ prompt: 'Once', max_tokens: 60, ...format })),
];

const FUNCTION = { name: 'f', description: 'Does it', parameters: SCHEMA, strict: true };
const TOOL = { type: 'function', function: FUNCTION };
const NAMED = { type: 'function', function: { name: 'f' } };
const HELLO = [{ role: 'user', content: 'Hello' }];

const CHAT_OTHER_FIELDS: Body = {
  modalities: ['text'],
  audio: null,
  prediction: null,
  verbosity: 'medium',
  web_search_options: null,
  echo: false,
  best_of: 1,
  suffix: '',
  add_special_tokens: false,
  add_generation_prompt: true,
  continue_final_message: false,
  include_stop_str_in_output: false,
  chat_template: null,
  documents: [],
  mm_processor_kwargs: {},
  media_io_kwargs: {},
  separate_reasoning: true,
  stream_reasoning: true,
  reasoning_format: 'auto',
  parse_tool_calls: true,
  think: null,
};

export const CHAT_BODIES: readonly Body[] = [
  {
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
      { role: 'assistant', content: 'Five.', reasoning: 'Hm', refusal: null },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No' }], reasoning_content: 'Hm' },
      { role: 'user', content: 'Go on' },
    ],
    max_completion_tokens: 6,
    logprobs: true,
    top_logprobs: 2,
    n: 2,
    stream_options: null,
    response_format: { type: 'text' },
    thinking_token_budget: 3,
    reasoning: { effort: 'low', max_tokens: 3, exclude: false, enabled: true },
    thinking: { type: 'enabled', budget_tokens: 3 },
    ...SAMPLING,
  },
  { messages: HELLO, max_tokens: 4, repeat_penalty: 1.1, ...STREAM },
  { messages: HELLO, max_tokens: 4, ...OTHER_FIELDS, ...CHAT_OTHER_FIELDS },
  { messages: HELLO, max_tokens: 4, reasoning_effort: 'low', include_reasoning: false },
  { messages: HELLO, max_tokens: 9, max_reasoning_tokens: 3, enable_thinking: true },
  { messages: HELLO, max_tokens: 9, thinking_budget_tokens: 3, chat_template_kwargs: { a: [1] } },
  { messages: HELLO, max_tokens: 9, thinking_budget: 3 },
  { messages: HELLO, max_tokens: 60, tools: [TOOL], tool_choice: NAMED, parallel_tool_calls: false },
  {
    messages: HELLO,
    max_tokens: 60,
    tools: [TOOL],
    tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [NAMED] } },
  },
  {
    messages: [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      { role: 'function', name: 'f', content: '5' },
    ],
    max_tokens: 60,
    functions: [FUNCTION],
    function_call: { name: 'f' },
  },
  ...FORMATS.map((format) => ({ messages: HELLO, max_tokens: 60, ...format })),
];

export const EMBEDDING_BODIES: readonly Body[] = [
  { input: ['a', 'The river'], encoding_format: 'float', timeout_ms: 5000, user: 'somebody' },
  {
    model: MODEL_ID,
    input: [[1, 2, 3]],
    encoding: 'model',
    encoding_format: 'base64',
    dimensions: null,
    truncate_prompt_tokens: 2,
  },
];
