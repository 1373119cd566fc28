import { MODEL_ID } from '../../support/metrics.ts';

/** Good bodies of responses and of decisions, which take the same items: together they have every field. */

type Body = Record<string, unknown>;

const SCHEMA = { type: 'object', properties: { a: { type: 'boolean' } } };

const SENT = { id: 'item_1', status: 'completed' };
const INPUT_TEXT = { type: 'input_text', text: 'Hello', prompt_cache_breakpoint: false };
const OUTPUT = { caller: null, created_by: 'a', ...SENT };

const ITEMS = [
  {
    type: 'message',
    role: 'user',
    content: [INPUT_TEXT],
    phase: null,
    ...SENT,
  },
  {
    type: 'message',
    role: 'assistant',
    content: [
      { type: 'output_text', text: 'Yes', annotations: [], logprobs: [], parsed: null },
      { type: 'refusal', refusal: 'No' },
    ],
  },
  {
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: 'Hm' }],
    content: [{ type: 'reasoning_text', text: 'Hm' }],
    encrypted_content: null,
    ...SENT,
  },
  {
    type: 'function_call',
    call_id: 'c1',
    name: 'f',
    arguments: '{"a":[1,{"b":2}]}',
    namespace: null,
    parsed_arguments: {},
    ...OUTPUT,
  },
  { type: 'function_call_output', call_id: 'c1', output: [INPUT_TEXT], ...OUTPUT },
  { type: 'message', role: 'user', content: 'Go on' },
];

const TOOL = {
  type: 'function',
  name: 'f',
  description: 'Does it',
  parameters: SCHEMA,
  strict: true,
  defer_loading: false,
  allowed_callers: ['direct'],
  output_schema: {},
};

/** What a response and the count of its tokens take. */
const CONVERSATIONS: readonly Body[] = [
  {
    model: MODEL_ID,
    instructions: 'Be brief.',
    input: ITEMS,
    conversation: null,
    text: { format: { type: 'text' }, verbosity: 'high' },
    tool_choice: 'auto',
    reasoning: { effort: 'low', max_tokens: 3, summary: 'auto', generate_summary: 'auto', context: 'a' },
    truncation: 'disabled',
  },
  { input: 'Hi', tools: [TOOL], tool_choice: { type: 'function', name: 'f' }, parallel_tool_calls: false },
  {
    input: 'Hi',
    tools: [TOOL],
    tool_choice: {
      type: 'allowed_tools',
      mode: 'auto',
      tools: [{ type: 'function', name: 'f', server_label: null }],
    },
  },
  { input: 'Hi', text: { format: { type: 'json_object' } } },
  {
    input: 'Hi',
    text: {
      format: { type: 'json_schema', name: 'it', schema: SCHEMA, description: 'A thing', strict: true },
    },
  },
  { input: [{ type: 'item_reference', id: 'msg_1' }] },
  { input: 'Hi', previous_response_id: 'resp_1' },
];

export const RESPONSE_BODIES: readonly Body[] = [
  ...CONVERSATIONS.map((body) => ({ ...body, max_output_tokens: 60 })),
  {
    input: 'Hi',
    max_output_tokens: 6,
    temperature: 0.7,
    top_p: 0.9,
    top_k: 40,
    seed: 1,
    include: ['message.output_text.logprobs'],
    top_logprobs: 2,
    metadata: { a: 'b' },
    store: true,
    background: false,
    max_tool_calls: 3,
    timeout_ms: 5000,
    cache_salt: 'a',
    user: 'somebody',
    prompt_cache_key: 'a',
    access_programs: [],
    background_options: {},
    image: {},
    prompt_cache_retention: '24h',
    prompt_cache_options: {},
    safety_identifier: 'a',
    service_tier: 'auto',
    client_metadata: {},
    prompt: null,
    context_management: null,
    moderation: null,
  },
  {
    input: 'Hi',
    max_output_tokens: 2,
    session_id: 'a',
    stream_interval: 4,
    request_id: null,
    rid: null,
    extra_key: null,
    priority: 2,
    logit_bias: {},
    frequency_penalty: 0,
    presence_penalty: 0,
    repetition_penalty: 1,
    min_p: 0,
    stop: [],
    ignore_eos: false,
    skip_special_tokens: true,
    include_stop_str_in_output: false,
    structured_outputs: null,
    watermarking: false,
    mm_processor_kwargs: {},
    enable_response_messages: false,
    previous_input_messages: null,
    previous_response: null,
    kv_transfer_params: {},
    vllm_xargs: {},
  },
  { input: 'Hi', max_output_tokens: 4, stream: true, stream_options: { include_obfuscation: false } },
];

export const INPUT_TOKENS_BODIES: readonly Body[] = [...CONVERSATIONS, { input: 'Hi', personality: null }];

const DECISION_CALL = { name: 'f', namespace: null, call_id: 'c1', id: 'a', status: 'completed' };
const DECISION_OUTPUT = { output: [INPUT_TEXT], call_id: 'c1', id: 'a', status: 'completed' };
const INPUT_JSON = { type: 'input_json', data: [{ a: 1 }] };
const INSTRUCTIONS = [INPUT_TEXT, INPUT_JSON];

export const DECISION_BODIES: readonly Body[] = [
  {
    model: MODEL_ID,
    input: [
      { type: 'message', role: 'user', content: [INPUT_TEXT, INPUT_JSON], phase: null },
      {
        type: 'message',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'a' },
          { type: 'refusal', refusal: 'b' },
        ],
      },
      { type: 'function_call', arguments: '{}', ...DECISION_CALL },
      { type: 'function_call_output', ...DECISION_OUTPUT },
      { type: 'custom_tool_call', input: 'a', ...DECISION_CALL, call_id: 'c2' },
      { type: 'custom_tool_call_output', ...DECISION_OUTPUT, call_id: 'c2' },
    ],
    questions: [
      { type: 'predicate', name: 'ran', instructions: INSTRUCTIONS },
      {
        type: 'choice',
        name: 'who',
        instructions: INSTRUCTIONS,
        choices: [{ value: 'fox' }, { value: false, description: 'none' }],
      },
      {
        type: 'score',
        name: 'speed',
        instructions: INSTRUCTIONS,
        levels: [{ label: 'slow', description: 'It walks' }, { label: 'fast' }],
      },
    ],
    prompt_cache_key: 'a',
    prompt_cache_options: {},
    safety_identifier: 'a',
    timeout_ms: 5000,
  },
  {
    input: 'The fox ran.',
    questions: [{ type: 'predicate', instructions: 'Did it run?' }],
  },
];
