import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createApp } from '../../routes/app.ts';
import { ResponseStore } from '../../routes/responses/response-store.ts';
import type { Access } from '../../src/access/access.ts';
import { AnswerCache } from '../../src/gateway/answer-cache.ts';
import { GatewayLogs } from '../../src/gateway/logs/gateway-logs.ts';
import { RunStore } from '../../src/bench/run-store.ts';
import { IN_MEMORY } from '../../src/sqlite/sqlite-file.ts';
import { openApiDocument } from '../../routes/openapi-document.ts';
import { readConfig } from '../../src/config/config.ts';
import { MarkdownConverter } from '../../src/markdown/markdown-converter.ts';
import { Metrics } from '../../src/http/metrics/metrics.ts';
import { VectorService } from '../../src/vectors/vector-service.ts';
import { call } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { basesOf, checkAgainstOpenApi } from '../support/openapi-validator.ts';
import { onlyModel } from '../support/only-model.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const text = readFileSync(fileURLToPath(new URL('../../openapi.yaml', import.meta.url)), 'utf8');
const document = parse(text) as { paths: Record<string, Record<string, unknown>> };

let engine: ScriptedEngine;
let service: HttpService;
beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
});
afterAll(() => service.close());

describe('openapi.yaml', () => {
  it('is what the schemas make: else run `npm run openapi`', () => {
    expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
  });

  it('has examples that the service takes', async () => {
    engine.reset();
    const examples = Object.entries(document.paths).flatMap(([path, item]) =>
      // An item's servers are no operation, and have no body.
      Object.entries(item).flatMap(([method, operation]) => {
        const { requestBody } = operation as {
          requestBody?: { content: Record<string, { example?: unknown }> };
        };
        const example = requestBody?.content['application/json']?.example;
        return example === undefined ? [] : [{ method, path, example }];
      }),
    );
    expect(examples.length).toBeGreaterThan(5);
    for (const { method, path, example } of examples) {
      expect(method).toBe('post');
      // The first example of an index makes the one that the others ask.
      const filled = path
        .replace('{model}', engine.model.id)
        .replace('{provider}/{endpoint}', 'openai/completions')
        .replace(/\{(?:account|gateway)\}/g, 'a')
        .replace('{account_id}', 'me')
        .replace('{index}', 'my-index');
      const answer = await call(service, 'POST', filled, { body: example });
      expect([path, answer.status]).toEqual([path, 200]);
    }
  });

  it('is served as it is', async () => {
    const answer = await call(service, 'GET', '/openapi.yaml');
    expect(answer.text).toBe(text);
  });

  it('lists every route of the app, and no other', async () => {
    const models = await onlyModel(engine);
    const metrics = new Metrics(models);
    const access: Access = {
      keys: undefined,
      allowsAnonymous: false,
      limits: undefined,
      sharing: undefined,
      close: () => Promise.resolve(),
    };
    const config = readConfig({}, []);
    const logger = pino({ enabled: false });
    const responses = new ResponseStore();
    const benchmarkRuns = new RunStore(IN_MEMORY, () => undefined);
    const app = createApp({
      models,
      access,
      config,
      logger,
      metrics,
      openApiDocument: '',
      responses,
      markdown: new MarkdownConverter(),
      benchmarkRuns,
      ending: new AbortController().signal,
      gateway: { logs: new GatewayLogs(IN_MEMORY), cache: new AnswerCache() },
      vectors: new VectorService({ folder: 'never opened', maxBytes: 1, native: false }),
    });
    metrics.dispose();
    const toTemplate = (path: string): string => path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, '{$1}');
    const routes = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${toTemplate(path)}`);
    const listed = Object.entries(document.paths).flatMap(([path, { servers, ...operations }]) =>
      basesOf(servers === undefined ? {} : { servers: servers as { url: string }[] }).flatMap((base) =>
        Object.keys(operations).map((method) => `${method.toUpperCase()} ${base}${path}`),
      ),
    );
    expect(routes.toSorted()).toEqual(listed.toSorted());
  });
});

describe('the validator of the HTTP tests', () => {
  const good = { method: 'GET', path: '/health', status: 200, contentType: 'application/json' };

  it('passes what is listed and refuses what is not', () => {
    const body = JSON.stringify({ status: 'ok', version: '0.1.0', engine: 'ready' });
    expect(() => checkAgainstOpenApi({ ...good, body })).not.toThrow();
    expect(() => checkAgainstOpenApi({ ...good, body: '{"status":"ok"}' })).toThrow(/engine/);
    expect(() => checkAgainstOpenApi({ ...good, body, status: 201 })).toThrow(/does not list 201/);
    expect(() => checkAgainstOpenApi({ ...good, body, contentType: 'text/html' })).toThrow(/no content/);
    expect(() => checkAgainstOpenApi({ ...good, body, path: '/nowhere' })).toThrow(/not listed/);
    const frame = 'data: {"response": 5}\n\n';
    const stream = { method: 'POST', path: '/ai/run/a/b', status: 200, contentType: 'text/event-stream' };
    expect(() => checkAgainstOpenApi({ ...stream, body: frame })).toThrow(/string/);
  });
});
