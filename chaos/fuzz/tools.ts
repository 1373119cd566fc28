import * as fc from 'fast-check';
import { chatApis } from '../../tests/support/chat-apis.ts';
import { anySchema } from '../../tests/support/grammar/any-schema.ts';
import type { ClientTool } from '../../tests/support/tool-clients.ts';
import { postStep, type FuzzKind, type FuzzStep } from './fuzz-script.ts';

/** Tools of every schema, to models of every family of templates, by each API that takes tools. */

/** Templates of tests/fixtures/chat-templates/published, one of each way to write a call; models are called so. */
export const TOOL_FAMILIES: readonly string[] = [
  ...['hermes', 'qwen3-coder', 'llama-json', 'pythonic', 'mistral-nemo', 'mistral-small-3.2'],
  ...['function-gemma', 'granite-3.3', 'smollm3', 'qwen3'],
];

const name = fc.constantFrom('get_weather', 'add', 'f', 'x-1', 'a'.repeat(64));

/** Properties that name each other in every way that a schema can. */
const selfReferring = fc
  .tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.constantFrom('anyOf', 'oneOf', 'allOf'),
    fc.integer({ min: 1, max: 12 }),
  )
  .map(([count, way, width]) => {
    const refs = (from: number): object[] =>
      Array.from({ length: width }, (_, j) => ({ $ref: `#/properties/p${(from + j) % count}` }));
    const entries = Array.from({ length: count }, (_, i) => [`p${i}`, { [way]: refs(i) }] as const);
    return { type: 'object', properties: Object.fromEntries(entries) };
  });

const plain = fc
  .dictionary(
    fc.constantFrom('city', 'n', 'at', 'é', 'when"'),
    fc.constantFrom<object>(
      { type: 'string', maxLength: 9 },
      { type: 'integer' },
      { enum: ['a', 'b'] },
      { type: 'boolean' },
    ),
    { maxKeys: 4, noNullPrototype: true },
  )
  .map((properties) => ({ type: 'object', properties, required: Object.keys(properties).slice(0, 2) }));

const parameters: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 4, arbitrary: plain },
  { weight: 2, arbitrary: anySchema.map((schema) => ({ ...schema, type: 'object' })) },
  { weight: 2, arbitrary: selfReferring },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Record<string, unknown>>(
      {},
      { type: 'object' },
      { type: 'string' },
      { $ref: '#' },
    ),
  },
);

const tool: fc.Arbitrary<ClientTool> = fc
  .record({ name, parameters, description: fc.constantFrom('', 'Does it', '{{ x }}', '<tool_call>') })
  .map((it) => ({ type: 'function', function: it }));

const tools = fc.uniqueArray(tool, { minLength: 1, maxLength: 5, selector: (it) => it.function.name });

interface ToolCase {
  api: string;
  tools: readonly ClientTool[];
  choice: 'auto' | 'required' | 'named';
  stream: boolean;
  maxTokens: number;
  question: string;
}

const toolCase = fc.record<ToolCase>({
  api: fc.constantFrom('chat', 'chat', 'responses', 'messages', 'Workers AI'),
  tools,
  choice: fc.constantFrom('required', 'named', 'auto'),
  stream: fc.boolean(),
  maxTokens: fc.oneof(fc.integer({ min: 60, max: 300 }), fc.integer({ min: 1, max: 60 })),
  question: fc.constantFrom('Go', 'JSON', 'count', '<tool_call>', '[TOOL_CALLS]', '<escape>'),
});

/** Requests to a model whose template is that of a family. */
export const toolKind = (model: string): FuzzKind => ({
  name: 'tools',
  scripts: toolCase.map((it) => [stepOf(model, it)]),
});

function stepOf(model: string, { api, tools, choice, stream, maxTokens, question }: ToolCase): FuzzStep {
  const { path, ask } = chatApis(model)[api]!;
  const limit = api === 'responses' ? 'max_output_tokens' : 'max_tokens';
  return postStep(path, {
    ...ask({ system: 'Be brief.', question, tools }),
    ...(path.startsWith('/ai/') ? {} : { model }),
    [limit]: maxTokens,
    tool_choice: choiceOf(api, choice, tools[0]?.function.name ?? ''),
    stream,
  });
}

/** As each API spells it. */
function choiceOf(api: string, choice: ToolCase['choice'], first: string): unknown {
  if (api === 'messages') {
    if (choice === 'named') return { type: 'tool', name: first };
    return { type: choice === 'required' ? 'any' : 'auto' };
  }
  if (choice !== 'named') return choice;
  return api === 'responses'
    ? { type: 'function', name: first }
    : { type: 'function', function: { name: first } };
}
