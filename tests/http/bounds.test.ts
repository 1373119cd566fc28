import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeChatModel } from '../support/chat-model.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** As far as this file looks at it. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  propertyNames?: Schema;
  additionalProperties?: boolean | Schema;
  description?: string;
  [keyword: string]: unknown;
}

const document = parse(
  readFileSync(fileURLToPath(new URL('../../openapi.yaml', import.meta.url)), 'utf8'),
) as {
  paths: Record<string, { post?: { requestBody?: { content: { 'application/json': { schema: Schema } } } } }>;
  components: { schemas: Record<string, Schema> };
};

/** The keyword that bounds a value of each type. */
const BOUNDS: Readonly<Record<string, string[]>> = {
  string: ['maxLength', 'pattern', 'const', 'enum'],
  array: ['maxItems'],
  integer: ['maximum'],
  number: ['maximum'],
};

/** What compiles a schema, and what renders a template, bounds what it takes; the body bounds it before. */
const ANY_JSON = /^(A JSON Schema|A JSON object|Any JSON)/;

/** A number beyond its bounds gets Cloudflare's own error (tests/http/vectorize-refusals.test.ts), and not that of a schema. */
const TOLD_BY_NUMBER = /\/vectorize\/.*\/query\.(?:topK|vector\[\]): number$/;

/** Paths of what has no bound in a schema. */
function unbounded(schema: Schema, path: string): string[] {
  if (schema.$ref !== undefined) {
    const id = schema.$ref.split('/').at(-1) ?? '';
    return unbounded(document.components.schemas[id] ?? {}, path);
  }
  if (schema.oneOf !== undefined) return schema.oneOf.flatMap((one) => unbounded(one, path));
  const { type, anyOf, items, properties, propertyNames, additionalProperties: rest, description } = schema;
  // Their bounds are those of the body: its size, and the levels that it nests.
  if (/^(A JSON Schema|Any JSON object|A tool of another type)/.test(description ?? '')) return [];
  const types = [type ?? []].flat();
  const isOpen = types.length === 0 && anyOf === undefined && schema.const === undefined;
  if (ANY_JSON.test(description ?? '')) return [];
  // These are never read.
  if (isOpen) return /^(Ignored|Not supported)/.test(description ?? '') ? [] : [path];
  const faults = types.filter(
    (one) => BOUNDS[one]?.every((keyword) => schema[keyword] === undefined) === true,
  );
  // What an object does not name is never read, unless it names nothing at all.
  const isRecord =
    types.includes('object') && rest !== false && (rest !== undefined || properties === undefined);
  if (isRecord && (schema['maxProperties'] === undefined || typeof rest !== 'object')) faults.push('object');
  return [
    ...faults.map((fault) => `${path}: ${fault}`),
    // An `anyOf` beside a type says more of the same value.
    ...(type === undefined ? (anyOf ?? []).flatMap((one) => unbounded(one, path)) : []),
    ...(items === undefined ? [] : unbounded(items, `${path}[]`)),
    ...(propertyNames === undefined ? [] : unbounded(propertyNames, `${path} names`)),
    ...(typeof rest === 'object' ? unbounded(rest, `${path}.*`) : []),
    ...Object.entries(properties ?? {}).flatMap(([name, one]) => unbounded(one, `${path}.${name}`)),
  ];
}

describe('openapi.yaml', () => {
  // Files and vectors come as other types; who reads them bounds them.
  const bodies = Object.entries(document.paths).flatMap(([path, { post: operation }]) => {
    const schema = operation?.requestBody?.content['application/json']?.schema;
    return schema === undefined ? [] : [[path, schema] as const];
  });

  it('has the bodies of all routes that take one', () => {
    expect(bodies.length).toBeGreaterThanOrEqual(30);
  });

  it.each(bodies)('has a bound for every field of a request: %s', (path, schema) => {
    expect(unbounded(schema, path).filter((fault) => !TOLD_BY_NUMBER.test(fault))).toEqual([]);
  });

  it('would show one that is missing', () => {
    expect(unbounded({ type: 'object', properties: { a: { type: 'string' } } }, '')).toEqual(['.a: string']);
    expect(unbounded({ type: 'object' }, '')).toEqual([': object']);
    expect(unbounded({ type: 'object', additionalProperties: { type: 'null' } }, '')).toEqual([': object']);
  });
});

const model = makeChatModel();
let service: HttpService;
beforeAll(async () => {
  const engine = await ScriptedEngine.create(model.path, {}, { contextLength: 65_536 });
  service = await startHttpService(engine, { bodyLimitBytes: 2 ** 20 });
});
afterAll(async () => {
  await service.close();
  model.remove();
});

const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
const recordOf = (numEntries: number, value: unknown): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: numEntries }, (_, id) => [id, value]));
const listOf = (numEntries: number, entry: unknown): unknown[] => Array<unknown>(numEntries).fill(entry);
const user = { role: 'user', content: 'a' };
const calling = (text: string): object => ({
  role: 'assistant',
  tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: text } }],
});
const call0 = { type: 'function', function: { name: 'f', arguments: '{}' } };

describe('beyond a bound', () => {
  it.each<[string, string, () => unknown, string]>([
    ['/v1/completions', 'model', () => ({ prompt: 'a', model: 'm'.repeat(513) }), 'at most 512 characters'],
    ['/v1/completions', 'logit_bias', () => ({ prompt: 'a', logit_bias: recordOf(301, 1) }), 'at most 300'],
    ['/v1/completions', 'metadata', () => ({ prompt: 'a', metadata: recordOf(17, 'a') }), 'at most 16'],
    [
      '/v1/completions',
      'metadata.a',
      () => ({ prompt: 'a', metadata: { a: 'x'.repeat(513) } }),
      'at most 512 characters',
    ],
    [
      '/v1/completions',
      `metadata.${'k'.repeat(65)}`,
      () => ({ prompt: 'a', metadata: { ['k'.repeat(65)]: 'a' } }),
      'named by at most 64 characters',
    ],
    ['/v1/chat/completions', 'messages', () => ({ messages: listOf(4097, 0) }), 'at most 4096 entries'],
    [
      '/v1/chat/completions',
      'messages[0].content',
      () => ({ messages: [{ role: 'user', content: listOf(1025, 0) }] }),
      'at most 1024 parts, not 1025',
    ],
    [
      '/v1/chat/completions',
      'messages[0].tool_calls',
      () => ({ messages: [{ role: 'assistant', tool_calls: listOf(129, call0) }] }),
      'at most 128 entries',
    ],
    [
      '/v1/chat/completions',
      'messages[0].name',
      () => ({ messages: [{ ...user, name: 'n'.repeat(513) }] }),
      'at most 512 characters',
    ],
    [
      '/v1/chat/completions',
      'messages[0].tool_call_id',
      () => ({ messages: [{ ...user, tool_call_id: 'n'.repeat(513) }] }),
      'at most 512 characters',
    ],
    [
      '/v1/chat/completions',
      'tools',
      () => ({ messages: [user], tools: listOf(129, { type: 'function', function: { name: 'f' } }) }),
      'at most 128 entries',
    ],
    [
      '/v1/chat/completions',
      'chat_template_kwargs',
      () => ({ messages: [user], chat_template_kwargs: recordOf(65, 1) }),
      'at most 64 entries',
    ],
    [
      '/v1/chat/completions',
      'guided_json',
      () => ({ messages: [user], guided_json: nested(33) }),
      'nests more than 32 levels',
    ],
    ['/v1/responses', 'input', () => ({ input: listOf(4097, 0) }), 'at most 4096 entries'],
    ['/v1/responses', 'tools', () => ({ input: 'a', tools: listOf(129, 0) }), 'at most 128 entries'],
    [
      '/v1/responses',
      'input[0].content',
      () => ({ input: [{ role: 'user', content: listOf(1025, 0) }] }),
      'at most 1024 entries',
    ],
    [
      '/v1/completions',
      'guided_grammar',
      () => ({ prompt: 'a', guided_grammar: 'g'.repeat(2 ** 16 + 1) }),
      'at most 65536 characters',
    ],
    [
      '/v1/completions',
      'guided_choice',
      () => ({ prompt: 'a', guided_choice: listOf(1001, 'a') }),
      'at most 1000 entries',
    ],
    [
      '/v1/completions',
      'stop_token_ids',
      () => ({ prompt: 'a', stop_token_ids: listOf(129, 1) }),
      'at most 128 entries',
    ],
  ])('%s names %s', async (path, param, body, message) => {
    const { status, text } = await post(service, path, body());
    expect(status).toBe(400);
    expect(text).toContain(JSON.stringify(param));
    expect(text).toContain(message);
  });

  it.each(['tools', 'response_format', 'tool_choice', 'functions', 'audio', 'prediction', 'user'])(
    'is no 500: %s nested deep',
    async (field) => {
      const body = `{"messages": [{"role": "user", "content": "a"}], "${field}": ${nested(20_000)}}`;
      const { status, json } = await post(service, '/v1/chat/completions', body);
      expect(status).toBe(400);
      expect(json).toMatchObject({ error: { param: 'body', code: 'invalid_request' } });
    },
  );

  it('text of tokens is counted before it is made', async () => {
    const small = await startHttpService(await ScriptedEngine.create(), { bodyLimitBytes: 100 });
    const tokens = listOf(40, 0); // <|endoftext|>, 13 bytes
    const refused = await post(small, '/detokenize', { tokens });
    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({ error: { param: 'tokens' } });
    expect(refused.text).toContain('520 bytes of text; at most 100');
    expect((await post(small, '/detokenize', { tokens: [0, 0] })).status).toBe(200);
    await small.close();
  });
});

describe('at a bound', () => {
  it.each<[string, () => unknown]>([
    ['/v1/completions', () => ({ prompt: 'a', logit_bias: recordOf(300, 1), metadata: recordOf(16, 'a') })],
    ['/v1/chat/completions', () => ({ messages: [user, calling(nested(32)), user] })],
    // Beyond it a template gets the text.
    ['/v1/chat/completions', () => ({ messages: [user, calling(nested(4000)), user] })],
    ['/v1/chat/completions', () => ({ messages: [{ ...user, ...recordOf(5000, 1) }] })],
    ['/v1/chat/completions', () => ({ messages: [user], user: JSON.parse(nested(31)) as unknown })],
  ])('%s answers', async (path, body) => {
    const { status, text } = await post(service, path, body());
    expect(status, text).toBe(200);
  });
});

/** 200 characters of a value are enough to know it by. */
describe('a value is told up to 200 characters', () => {
  const long = 'v'.repeat(7000);
  const huge = 'v'.repeat(1_000_000);

  it.each<[string, () => Parameters<typeof call>]>([
    ['an unknown field', () => [service, 'POST', '/v1/completions', { body: { prompt: 'a', [huge]: 1 } }]],
    [
      'an unknown field of Workers AI',
      () => [service, 'POST', '/ai/run/@test/tiny-gpt2', { body: { prompt: 'a', [huge]: 1 } }],
    ],
    [
      'an unknown field of a format',
      () => [
        service,
        'POST',
        '/v1/chat/completions',
        { body: { messages: [user], response_format: { type: 'text', [huge]: 1 } } },
      ],
    ],
    [
      'the type of a tool',
      () => [
        service,
        'POST',
        '/v1/chat/completions',
        { body: { messages: [user], tools: [{ type: huge, function: { name: 'f' } }] } },
      ],
    ],
    [
      'a schema that is no JSON',
      () => [
        service,
        'POST',
        '/v1/chat/completions',
        { body: { messages: [user], guided_json: 'v'.repeat(60_000) } },
      ],
    ],
    [
      'the type of a part',
      () => [
        service,
        'POST',
        '/v1/chat/completions',
        { body: { messages: [{ role: 'user', content: [{ type: huge }] }] } },
      ],
    ],
    [
      'a key of a record',
      () => [service, 'POST', '/v1/completions', { body: { prompt: 'a', logit_bias: { [huge]: 1 } } }],
    ],
    [
      'a model',
      () => [service, 'POST', '/v1/completions', { body: { prompt: 'a', model: 'v'.repeat(512) } }],
    ],
    ['a model in a path', () => [service, 'POST', `/ai/run/${long}`, { body: { prompt: 'a' } }]],
    ['a model that is asked about', () => [service, 'GET', `/v1/models/${long}`]],
    ['a request', () => [service, 'GET', `/v1/requests/${long}`]],
    ['a path', () => [service, 'GET', `/v2/${long}`]],
    ['a path of another method', () => [service, 'PUT', `/v1/models/${long}`]],
    [
      'a content type',
      () => [service, 'POST', '/tokenize', { headers: { 'content-type': long }, body: '{}' }],
    ],
    [
      'a content encoding',
      () => [service, 'POST', '/tokenize', { headers: { 'content-encoding': long }, body: '{}' }],
    ],
  ])('%s', async (_, request) => {
    const { status, text, headers } = await call(...request());
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(longestRun(text)).toBeGreaterThan(30);
    expect(longestRun(text)).toBeLessThanOrEqual(200);
    const line = service.logLines.find(({ requestId }) => requestId === headers['x-request-id']);
    expect(longestRun(JSON.stringify(line))).toBeLessThanOrEqual(200);
  });

  it('a message that a template quotes', async () => {
    const quoting = makeChatModel('{{ raise_exception(messages[0].content) }}');
    const quotingService = await startHttpService(await ScriptedEngine.create(quoting.path));
    const messages = [{ role: 'user', content: long }];
    const { status, text } = await post(quotingService, '/v1/chat/completions', { messages });
    expect(status).toBe(400);
    expect(text).toContain('refuses these messages: vvv');
    expect(longestRun(text)).toBeLessThanOrEqual(200);
    await quotingService.close();
    quoting.remove();
  });

  const longestRun = (text: string): number =>
    Math.max(0, ...Array.from(text.matchAll(/v+/g), ([run]) => run.length));
});
