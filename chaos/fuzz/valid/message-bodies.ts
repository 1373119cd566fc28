import { MODEL_ID } from '../../support/metrics.ts';

/** Good bodies of Anthropic's routes: together they have every field, and every kind of block. */

type Body = Record<string, unknown>;

const SCHEMA = { type: 'object', properties: { a: { type: 'boolean' } } };
const CACHED = { cache_control: { type: 'ephemeral' } };
const TEXT = { type: 'text', text: 'Hello', citations: null, ...CACHED };
const HELLO = [{ role: 'user', content: 'Hello' }];

const TOOL = {
  type: 'custom',
  name: 'f',
  description: 'Does it',
  input_schema: SCHEMA,
  strict: true,
  allowed_callers: ['direct'],
  defer_loading: false,
  eager_input_streaming: false,
  input_examples: [],
  ...CACHED,
};
const parallel = { disable_parallel_tool_use: true };

/** What an answer and the count of its tokens take. */
const CONVERSATIONS: readonly Body[] = [
  {
    model: MODEL_ID,
    system: [{ ...TEXT, text: 'Be brief.' }],
    messages: [
      { role: 'user', content: [TEXT] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm', signature: 'x' },
          { type: 'redacted_thinking', data: 'x' },
          {
            type: 'tool_use',
            id: 'toolu_1',
            name: 'f',
            input: { a: [1, { b: 2 }] },
            caller: { type: 'direct' },
            toolset_name: 'a',
            ...CACHED,
          },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_1',
            content: [TEXT],
            is_error: false,
            toolset_name: 'a',
            ...CACHED,
          },
        ],
      },
    ],
    thinking: { type: 'disabled' },
    cache_control: { type: 'ephemeral' },
    context_management: null,
    speed: 'standard',
    user_profile_id: 'a',
    workspace_id: 'a',
    mcp_servers: null,
  },
  { messages: [...HELLO, { role: 'assistant', content: [{ type: 'text', text: 'Once ' }] }] },
  { messages: HELLO, thinking: { type: 'enabled', budget_tokens: 3, display: 'omitted' } },
  {
    messages: HELLO,
    thinking: { type: 'adaptive', display: 'summarized' },
    output_config: { effort: 'low' },
  },
  { messages: HELLO, output_config: { format: { type: 'json_schema', schema: SCHEMA } } },
  { messages: HELLO, output_format: { type: 'json_schema', schema: SCHEMA } },
  { messages: HELLO, tools: [TOOL], tool_choice: { type: 'auto', ...parallel } },
  { messages: HELLO, tools: [TOOL], tool_choice: { type: 'any', ...parallel } },
  { messages: HELLO, tools: [TOOL], tool_choice: { type: 'tool', name: 'f', ...parallel } },
  { messages: HELLO, tools: [TOOL], tool_choice: { type: 'none' } },
  {
    messages: HELLO,
    system: null,
    tools: [{ ...TOOL, description: null, strict: null }],
    tool_choice: null,
    thinking: null,
    output_config: null,
  },
];

export const COUNT_TOKENS_BODIES: readonly Body[] = CONVERSATIONS;

export const MESSAGE_BODIES: readonly Body[] = [
  ...CONVERSATIONS.map((body) => ({ ...body, max_tokens: 60 })),
  {
    messages: HELLO,
    max_tokens: 6,
    stop_sequences: ['zz'],
    temperature: 0.5,
    top_p: 0.9,
    top_k: 40,
    seed: 1,
    timeout_ms: 5000,
    cache_salt: 'a',
    metadata: { user_id: 'a' },
    service_tier: 'auto',
    inference_geo: 'a',
    diagnostics: {},
    container: null,
    thread: null,
  },
  { messages: HELLO, max_tokens: 4, stream: true },
  { messages: HELLO, max_tokens: 4, stream: null, temperature: null, top_p: null, top_k: null, seed: null },
];
