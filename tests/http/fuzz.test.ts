import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attentionRequestSchema } from '../../routes/service/attention.ts';
import { benchmarkRequestSchema } from '../../routes/service/schemas/benchmark.ts';
import { chatRequestSchema } from '../../routes/openai/schemas/chat.ts';
import { completionRequestSchema } from '../../routes/openai/schemas/completions.ts';
import { decisionRequestSchema } from '../../routes/decisions/schemas/decisions.ts';
import { embeddingRequestSchema } from '../../routes/openai/schemas/embeddings.ts';
import {
  countTokensRequestSchema,
  messageRequestSchema,
} from '../../routes/anthropic/schemas/message-request.ts';
import {
  inputTokensRequestSchema,
  responseRequestSchema,
} from '../../routes/responses/schemas/response-request.ts';
import { ollamaEmbedSchema, ollamaPromptSchema } from '../../routes/ollama/schemas/embed.ts';
import { showRequestSchema as ollamaShowSchema } from '../../routes/ollama/schemas/models.ts';
import {
  chatRequestSchema as ollamaChatSchema,
  generateRequestSchema as ollamaGenerateSchema,
} from '../../routes/ollama/schemas/requests.ts';
import { rerankRequestSchema } from '../../routes/decisions/schemas/rerank.ts';
import { scoreRequestSchema } from '../../routes/decisions/schemas/score.ts';
import { detokenizeRequestSchema, tokenizeRequestSchema } from '../../routes/service/tokenize.ts';
import { runRequestSchema, unifiedRequestSchema } from '../../routes/workers-ai/schemas/run-bodies.ts';
import { systemOneRequestSchema } from '../../routes/decisions/schemas/system-one.ts';
import { workersAiRequestSchema } from '../../routes/workers-ai/schemas/workers-ai.ts';
import { bindingRequestSchema } from '../../routes/workers-ai/schemas/binding.ts';
import { toMarkdownRequestSchema } from '../../routes/workers-ai/schemas/to-markdown.ts';
import { gatewayRunRequestSchema } from '../../routes/gateway/schemas/gateway-options.ts';
import {
  createIndexSchema,
  createMetadataIndexSchema,
  idsSchema,
  querySchema,
} from '../../routes/vectorize/schemas/vectorize.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { requestBodyValidator } from '../support/openapi-validator.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const SEED = 20_251_124;
const MODEL = '@test/tiny-gpt2';
const VECTOR_INDEXES = '/client/v4/accounts/{account_id}/vectorize/v2/indexes';
const NAMED_TOOL = { type: 'function', function: { name: 'f' } };
const USER = { role: 'user', content: 'a' };
/** The id of the model decides which of several bodies it takes; the document has all of them. */
const RUN_SCHEMA = {
  shape: workersAiRequestSchema.shape,
  safeParse: (body: unknown) => runRequestSchema.safeParse(body),
};
/** Each with a sound body, to which faults are added. */
const ROUTES = [
  ['/v1/completions', completionRequestSchema, { prompt: 'a' }],
  ['/v1/chat/completions', chatRequestSchema, { messages: [USER] }],
  ['/v1/responses', responseRequestSchema, { input: 'a' }],
  ['/v1/responses/input_tokens', inputTokensRequestSchema, { input: 'a' }],
  ['/api/chat', ollamaChatSchema, { model: MODEL, stream: false, messages: [USER] }],
  ['/api/generate', ollamaGenerateSchema, { model: MODEL, stream: false, prompt: 'a' }],
  ['/api/embed', ollamaEmbedSchema, { model: MODEL, input: 'a' }],
  ['/api/embeddings', ollamaPromptSchema, { model: MODEL, prompt: 'a' }],
  ['/api/show', ollamaShowSchema, { model: MODEL }],
  ['/v1/messages', messageRequestSchema, { max_tokens: 2, messages: [USER] }],
  ['/v1/messages/count_tokens', countTokensRequestSchema, { messages: [USER] }],
  ['/ai/run/{model}', RUN_SCHEMA, { prompt: 'a' }],
  ['/ai/run', unifiedRequestSchema, { input: { prompt: 'a' } }],
  ['/workers-binding/run', bindingRequestSchema, { inputs: { prompt: 'a' } }],
  ['/workers-binding/to-everything/markdown/transformer', toMarkdownRequestSchema, { files: [] }],
  ['/workers-binding/ai-gateway/run', gatewayRunRequestSchema, { inputs: { prompt: 'a' } }],
  ['/v1/embeddings', embeddingRequestSchema, { input: 'a' }],
  [
    '/v1/decisions',
    decisionRequestSchema,
    { input: 'a', questions: [{ type: 'predicate', instructions: 'b' }] },
  ],
  [
    '/v1/systemone',
    systemOneRequestSchema,
    { state: 'a', questions: { b: { type: 'noul', instructions: 'c' } } },
  ],
  ['/rerank', rerankRequestSchema, { query: 'a', documents: ['b'] }],
  ['/score', scoreRequestSchema, { text_1: 'a', text_2: 'b' }],
  ['/v1/attention', attentionRequestSchema, { prompt: 'a' }],
  ['/tokenize', tokenizeRequestSchema, { prompt: 'a' }],
  ['/detokenize', detokenizeRequestSchema, { tokens: [1] }],
  ['/benchmark', benchmarkRequestSchema, {}],
  ['/workers-binding/vectorize/{index}/query', querySchema, { vector: [1, 2] }],
  ['/workers-binding/vectorize/{index}/getByIds', idsSchema, { ids: ['a'] }],
  [VECTOR_INDEXES, createIndexSchema, { name: 'a', config: { dimensions: 2, metric: 'cosine' } }],
  [
    `${VECTOR_INDEXES}/{index}/metadata_index/create`,
    createMetadataIndexSchema,
    { propertyName: 'a', indexType: 'string' },
  ],
] as const;
type Route = (typeof ROUTES)[number];
/** A benchmark takes as long as its body says; of one name there is one index. */
const QUICK_ROUTES = ROUTES.filter(([path]) => path !== '/benchmark' && path !== VECTOR_INDEXES);
const titled = (routes: readonly Route[]): { path: string; route: Route }[] =>
  routes.map((route) => ({ path: route[0], route }));

const model = makeChatModel();
let service: HttpService;
beforeAll(async () => {
  const engine = await ScriptedEngine.create(model.path);
  engine.model.contextLength = 1024; // Cloudflare's default of 256 tokens must fit
  service = await startHttpService(engine);
  await post(service, pathOf(VECTOR_INDEXES), { name: 'fuzz', config: { dimensions: 2, metric: 'cosine' } });
});
const pathOf = (template: string): string =>
  template.replace('{model}', '@test/tiny-gpt2').replace('{index}', 'fuzz').replace('{account_id}', 'me');
afterAll(async () => {
  await service.close();
  model.remove();
});

function recordOf(numEntries: number, value: unknown): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: numEntries }, (_, id) => [id, value]));
}

/** Values that a field may get: mostly near the border of what is allowed, sometimes anything at all. */
const fieldValue = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    '',
    'a',
    0,
    1,
    -1,
    2,
    0.5,
    20,
    21,
    128,
    129,
    Infinity,
    -1e308,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 53,
    'n'.repeat(512),
    'n'.repeat(513),
    [0, 0],
    Array<number>(32).fill(1),
    Array<number>(33).fill(1),
    recordOf(16, 'a'),
    recordOf(17, 'a'),
    recordOf(300, 1),
    recordOf(301, 1),
    { ['k'.repeat(65)]: 'a' },
    [],
    {},
  ),
  fc.constantFrom<unknown>(
    'none',
    'auto',
    'required',
    'low',
    'model',
    NAMED_TOOL,
    { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [NAMED_TOOL] } },
    [NAMED_TOOL],
    [{ type: 'function', function: { name: 'f', parameters: {}, strict: null } }],
    [{ type: 'custom', function: { name: 'f' } }],
    [{ name: 'f' }],
    { name: 'f g' },
    ['text'],
    { type: 'text' },
    { type: 'json_object', schema: true },
    { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
    { type: 'json_schema', json_schema: { schema: [] } },
    { json: {}, regex: null },
    { choice: [] },
    { every_token: true },
    { enable_thinking: false },
    { effort: 'low', max_tokens: 3, exclude: true, summary: 'auto' },
    { type: 'enabled', budget_tokens: 3 },
    { rejectIfBusy: true },
  ),
  fc.integer({ min: -3, max: 400 }),
  fc.double({ min: -3, max: 6 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.array(fc.integer({ min: -1, max: 400 }), { maxLength: 5 }),
  fc.array(fc.array(fc.integer({ min: 0, max: 384 }), { maxLength: 3 }), { maxLength: 3 }),
  fc.array(fc.string({ maxLength: 3 }), { maxLength: 6 }),
  fc.dictionary(fc.oneof(fc.integer({ min: -1, max: 400 }).map(String), fc.string()), fc.double(), {
    maxKeys: 3,
  }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.array(
    fc.record(
      {
        role: fc.constantFrom('system', 'user', 'assistant', 'tool', 'nobody'),
        tool_calls: fc.constantFrom<unknown>(
          null,
          [],
          [NAMED_TOOL],
          [{ index: 0, id: 'c', function: { name: 'f', arguments: {} } }],
          [{ type: 'custom', function: { name: 'f' } }],
        ),
        function_call: fc.constantFrom<unknown>(null, { name: 'f', arguments: '' }, { arguments: '' }),
        annotations: fc.constantFrom<unknown>(null, [], 5),
        content: fc.oneof(
          fc.string({ unit: 'binary', maxLength: 20 }),
          fc.array(fc.record({ type: fc.constantFrom('text', 'image_url'), text: fc.string() }), {
            maxLength: 2,
          }),
          fc.constantFrom(null, 5),
        ),
        name: fc.constantFrom('Ann', null, 5),
      },
      { requiredKeys: ['role'] },
    ),
    { maxLength: 3 },
  ),
);

/** Bodies of a route's own fields, a few at a time, so that some are good and most have one fault. */
function bodiesOf([, { shape }, sound]: Route): fc.Arbitrary<Record<string, unknown>> {
  const fields = [...Object.keys(shape), 'nonsense'];
  return fc
    .tuple(fc.dictionary(fc.constantFrom(...fields), fieldValue, { maxKeys: 3 }), fc.boolean())
    .map(([body, isSound]) => (isSound ? { ...sound, ...body } : body));
}

describe.each(titled(QUICK_ROUTES))('random bodies: $path', ({ path, route }) => {
  it('are answered as openapi.yaml says, and never with a 500', { timeout: 60_000 }, async () => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 9, arbitrary: bodiesOf(route) }, { weight: 1, arbitrary: fc.json() }),
        async (body) => {
          // JSON.stringify writes Infinity as null; the wire form of a number too large is put in by hand.
          const text =
            typeof body === 'string'
              ? body
              : JSON.stringify(body, (_, value: unknown) =>
                  value === Infinity ? '1e400' : value,
                ).replaceAll('"1e400"', '1e400');
          const { status } = await post(service, pathOf(path), text);
          statuses.add(status);
          // A body may ask for a few milliseconds, and get no more.
          if (status !== 504 || !text.includes('"timeout_ms":')) expect(status).toBeLessThan(500);
        },
      ),
      { numRuns: 400, seed: SEED },
    );
    expect(statuses).toContain(200);
    expect(statuses).toContain(400);
  });
});

describe.each(titled(ROUTES))('random bodies: $path', ({ path, route }) => {
  it('pass the zod schema exactly when they pass the published one', () => {
    const validate = requestBodyValidator(path);
    let numValid = 0;
    fc.assert(
      fc.property(bodiesOf(route), (body) => {
        const parsed = JSON.parse(JSON.stringify(body)) as unknown;
        const { success } = route[1].safeParse(parsed);
        numValid += success ? 1 : 0;
        expect(validate(parsed), JSON.stringify(validate.errors)).toBe(success);
      }),
      { numRuns: 3000, seed: SEED },
    );
    expect(numValid).toBeGreaterThan(100);
  });
});

describe('what one field demands of another', () => {
  const messages = [USER];
  it.each<[string, object, boolean]>([
    ['/v1/completions', { prompt: 'a', stream_options: {} }, false],
    ['/v1/completions', { prompt: 'a', stream_options: {}, stream: false }, false],
    ['/v1/completions', { prompt: 'a', stream_options: {}, stream: true }, true],
    ['/v1/completions', { prompt: 'a', stream_options: null, stream: null }, true],
    ['/v1/completions', { prompt: 'a', max_tokens: 0 }, false],
    ['/v1/completions', { prompt: 'a', max_tokens: 0, echo: true }, true],
    ['/v1/chat/completions', { messages, stream_options: {} }, false],
    ['/v1/chat/completions', { messages, top_logprobs: 1 }, false],
    ['/v1/chat/completions', { messages, top_logprobs: 0 }, true],
    ['/v1/chat/completions', { messages, top_logprobs: 1, logprobs: true }, true],
    ['/v1/chat/completions', { messages, truncate_prompt_tokens: -1 }, false],
    ['/v1/chat/completions', { messages, truncate_prompt_tokens: -1, max_tokens: null }, false],
    ['/v1/chat/completions', { messages, truncate_prompt_tokens: -1, max_tokens: 3 }, true],
    ['/v1/chat/completions', { messages, truncate_prompt_tokens: 5 }, true],
  ])('%s: %j is valid: %s', async (path, body, isValid) => {
    const schema = ROUTES.find(([route]) => route === path)?.[1];
    expect(schema?.safeParse(body).success).toBe(isValid);
    expect(requestBodyValidator(path)(body)).toBe(isValid);
    expect((await post(service, path, body)).status).toBe(isValid ? 200 : 400);
  });
});
