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
  },
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
  { prompt: 'Once', max_tokens: 40, guided_json: SCHEMA },
  { prompt: 'Once', max_tokens: 40, guided_regex: '[a-c]{1,4}' },
  { prompt: 'Once', max_tokens: 40, guided_choice: ['yes', 'no'] },
  { prompt: 'Once', max_tokens: 40, guided_grammar: 'root ::= "a" | "b" root' },
  { text: ['a', 'The river'], pooling: 'mean', truncate_inputs: true },
  { query: 'fox', contexts: [{ text: 'bear' }], top_k: 1 },
];

/** With `?queueRequest=true`. */
export const BATCH_BODIES: readonly Body[] = [
  { requests: [{ prompt: 'Once', max_tokens: 2, external_reference: 'a' }, { text: 'a' }] },
  { request_id: 'none' },
];
