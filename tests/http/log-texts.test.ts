import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { isRecord } from '../../src/values.ts';
import {
  CANARY,
  CANARY_PIECE,
  canaryValues,
  leastValue,
  openApi,
  schemaAt,
  spread,
  type Schema,
} from '../support/canary-bodies.ts';
import { writeChainModel } from '../support/chain-model.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** Whatever a client sends, wherever it puts it, is in no line of the log. The engine, its template and its compiler are real. */

/** Of the bodies of a route; they are spread over all its fields. */
const MAX_BODIES = 60;
const CONCURRENCY = 4;
/** As short as the answer may be: what is valid is computed. */
const SHORT = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'];

const folder = mkdtempSync(join(tmpdir(), 'tokenflare-texts-'));
let engine: EngineClient;
let service: HttpService;

beforeAll(async () => {
  await writeChainModel(folder, { contextLength: 512 });
  engine = await createEngineOf({ MODEL: folder, MODEL_ID: 'chain', RUNTIME: 'cpu' });
  await engine.start();
  service = await startHttpService(engine, { bodyLimitBytes: 100_000, benchmark: 'off' });
});
afterAll(async () => {
  await service.close();
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => void (service.logLines.length = 0));
afterEach(() => {
  expect(service.logLines.length).toBeGreaterThan(0);
  for (const line of service.logLines) expect(JSON.stringify(line)).not.toMatch(CANARY_PIECE);
});

interface Sent {
  method?: string;
  body?: string;
  headers?: Record<string, string>;
}

async function send(path: string, { method = 'POST', body, headers = {} }: Sent = {}): Promise<number> {
  const response = await fetch(service.url + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(30_000),
  });
  await response.arrayBuffer();
  return response.status;
}

async function sendAll(all: readonly (() => Promise<unknown>)[]): Promise<void> {
  const rest = [...all];
  const work = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await next();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

const pathWith = (template: string, value: string): string => template.replaceAll(/\{\w+\}/g, value);

const routes = Object.entries(openApi.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation,
  })),
);
// Bases whose routes have the handlers of another base.
const OTHER_BASES = /^\/(ai\/v1|client|v2|rerank|score)(\/|$)/;
const withBody = routes.filter(
  ({ path, operation }) => operation.requestBody !== undefined && !OTHER_BASES.test(path),
);

describe('a text in a body', () => {
  it.each(withBody)('is in no line: $method $path', async ({ path, operation }) => {
    const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema ?? {};
    const fields = SHORT.filter((name) => name in fieldsOf(schema));
    const short = (body: unknown): unknown =>
      isRecord(body) ? { ...Object.fromEntries(fields.map((name) => [name, 1])), ...body } : body;
    const least = short(leastValue(schema)) as object;
    const bodies = spread(canaryValues(schema), MAX_BODIES).map((body) => JSON.stringify(short(body)));
    const broken = [`{"prompt": "${CANARY}`, CANARY, `"${CANARY}"`, `[${CANARY}]`, `{${CANARY}: 1}`];
    const target = pathWith(path, 'chain');
    await sendAll([
      ...[...bodies, ...broken].map((body) => () => send(target, { body })),
      () => send(`${target}?${CANARY}=${CANARY}`, { body: JSON.stringify(least) }),
      () => send(pathWith(path, CANARY), { body: JSON.stringify(least) }),
    ]);
    expect(service.logLines.length).toBeGreaterThan(bodies.length);
  });
});

/** Of all forms that a body may have. */
function fieldsOf({ $ref, properties = {}, anyOf = [] }: Schema): Record<string, unknown> {
  if ($ref !== undefined) return fieldsOf(schemaAt($ref));
  return Object.assign({}, properties, ...anyOf.map(fieldsOf)) as Record<string, unknown>;
}

describe('a text elsewhere', () => {
  it('is in no line: in any path, in a query, in a method', async () => {
    await sendAll(
      routes.flatMap(({ path, method }) => [
        () => send(pathWith(path, CANARY), method === 'POST' ? { body: '{}' } : { method }),
        () =>
          send(
            `${pathWith(path, 'a')}?from=${CANARY}&${CANARY}=1`,
            method === 'POST' ? { body: '{}' } : { method },
          ),
      ]),
    );
    await sendAll(
      ['', '/v1', '/ai', '/client/v4/accounts', '/assets', '/v1/messages'].map(
        (base) => () => send(`${base}/${CANARY}/${CANARY}.${CANARY}`, { method: 'GET' }),
      ),
    );
  });

  it('is in no line: in a header', async () => {
    const body = JSON.stringify({ prompt: 'a', max_tokens: 1 });
    const values: [string, string][] = [
      ...['user-agent', 'referer', 'cookie', 'accept', 'from', 'x-real-ip', 'x-custom'].map(same),
      ...['x-api-key', 'x-auth-key', 'x-auth-email', 'cf-aig-authorization', 'anthropic-version'].map(same),
      ...['content-type', 'content-encoding', 'x-stream-resumable', 'last-event-id'].map(same),
      ...['x-forwarded-for', 'forwarded', 'openai-organization', 'accept-language'].map(same),
      ['authorization', `Bearer ${CANARY}`],
      ['authorization', CANARY],
      ['origin', `http://${CANARY}.example`],
      ['x-request-id', `${CANARY} with a space`],
      [`x-${CANARY}`, CANARY],
    ];
    await sendAll(
      values.flatMap(([name, value]) => [
        () => send('/v1/completions', { body, headers: { [name]: value } }),
        () => send('/v1/streams/a', { method: 'GET', headers: { [name]: value } }),
      ]),
    );
  });
});

const same = (name: string): [string, string] => [name, CANARY];

describe('a text that a library or a template quotes', () => {
  const chat = (more: object): string =>
    JSON.stringify({ messages: [{ role: 'user', content: 'a' }], max_tokens: 1, ...more });

  it.each([
    ['guided_json that is no JSON', chat({ guided_json: CANARY })],
    ['a regular expression', chat({ guided_regex: `(${CANARY}` })],
    ['a grammar', chat({ guided_grammar: `root ::= ${CANARY}` })],
    ['a rule of a grammar', chat({ guided_grammar: `${CANARY} ::= "a"` })],
  ])('is in no line: %s', async (_, body) => {
    expect(await send('/v1/chat/completions', { body })).toBe(400);
  });

  it('is in no line, although the client is told: raise_exception', async () => {
    const quoting = makeChatModel('{{ raise_exception(messages[0].content) }}');
    const other = await startHttpService(await ScriptedEngine.create(quoting.path));
    const messages = [{ role: 'user', content: CANARY }];
    for (const [path, body] of [
      ['/v1/chat/completions', { messages }],
      ['/v1/responses', { input: CANARY }],
      ['/v1/messages', { messages, max_tokens: 1 }],
    ] as const) {
      const response = await fetch(other.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(CANARY)]);
    }
    expect(other.logLines).toHaveLength(3);
    expect(other.logLines).toContainEqual(
      expect.objectContaining({
        param: 'messages',
        at: expect.stringMatching(/^src\/chat-template\/.+:\d+$/) as string,
      }),
    );
    expect(JSON.stringify(other.logLines)).not.toMatch(CANARY_PIECE);
    await send('/v1/models', { method: 'GET' });
    await other.close();
    quoting.remove();
  });
});
