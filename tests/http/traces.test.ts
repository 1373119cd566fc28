import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, post, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { metric, until } from '../support/service.ts';
import { attributesOf, TraceReceiver, type ReceivedSpan } from '../support/trace-receiver.ts';

const MODEL = '@test/tiny-gpt2';
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CLIENT_SPAN = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE_ID}-${CLIENT_SPAN}-01`;
const COMPLETION = { prompt: 'The river', max_tokens: 3 };

let engine: ScriptedEngine;
let receiver: TraceReceiver;
const open: HttpService[] = [];
beforeAll(async () => {
  engine = await ScriptedEngine.create();
  receiver = await TraceReceiver.start();
});
beforeEach(() => {
  engine.reset();
  receiver.received.length = 0;
  receiver.answer = (outgoing) => void outgoing.writeHead(200).end('{}');
});
afterEach(async () => {
  for (const service of open.splice(0)) await service.close();
});
afterAll(async () => {
  await engine.tokenizer.stop();
  await receiver[Symbol.asyncDispose]();
});

type Settings = Parameters<typeof startHttpService>[1];

async function start(settings: Settings = {}): Promise<HttpService> {
  const service = await startHttpService(engine, {
    otlpEndpoint: receiver.url,
    otlpProtocol: 'http/json',
    ...settings,
  });
  open.push(service);
  return service;
}

/** What was sent until the service ended: spans that wait are sent then. */
async function spansOf(service: HttpService): Promise<ReceivedSpan[]> {
  open.splice(open.indexOf(service), 1);
  await service.close();
  return receiver.spans();
}

const rootOf = (spans: readonly ReceivedSpan[]): ReceivedSpan => {
  const root = spans.find(({ kind }) => kind === 2);
  if (root === undefined) throw new Error('there is no span of a request');
  return root;
};

describe('a request', () => {
  it('is a span below that of its client, with children for queue, prefill and decode', async () => {
    const service = await start();
    const answer = await call(service, 'POST', '/v1/completions', {
      body: COMPLETION,
      headers: { traceparent: TRACEPARENT, tracestate: 'vendor=abc,other=1' },
    });
    const root = rootOf(await spansOf(service));
    const spans = receiver.spans();
    expect(root).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: CLIENT_SPAN,
      traceState: 'vendor=abc,other=1',
    });
    expect(root.name).toBe(`text_completion ${MODEL}`);
    expect(attributesOf(root)).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/completions',
      'http.response.status_code': 200,
      'tokenflare.request.id': answer.headers['x-request-id'],
      'gen_ai.operation.name': 'text_completion',
      'gen_ai.provider.name': 'tokenflare',
      'gen_ai.request.model': MODEL,
      'gen_ai.request.max_tokens': 3,
      'gen_ai.request.stream': false,
      'gen_ai.response.finish_reasons': ['length'],
      'gen_ai.usage.input_tokens': Number(answer.headers['x-prompt-tokens']),
      'gen_ai.usage.output_tokens': 3,
      'gen_ai.usage.cache_read.input_tokens': Number(answer.headers['x-cached-tokens']),
      'gen_ai.latency.time_to_first_token': expect.any(Number) as number,
    });
    expect(answer.headers['traceresponse']).toBe(`00-${TRACE_ID}-${root.spanId}-01`);
    const children = spans.filter(({ kind }) => kind === 1);
    expect(children.map(({ name }) => name)).toEqual(['queue', 'prefill', 'decode']);
    for (const { traceId, parentSpanId } of children) {
      expect({ traceId, parentSpanId }).toEqual({ traceId: TRACE_ID, parentSpanId: root.spanId });
    }
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(4);
    // One begins where the one before ends.
    const times = children.flatMap((span) => [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)]);
    expect(times).toEqual(times.toSorted((a, b) => Number(a - b)));
    expect(times[2]).toBe(times[1]);
    expect(times[4]).toBe(times[3]);
    expect(BigInt(root.startTimeUnixNano)).toBeLessThanOrEqual(times[0] ?? 0n);
    expect(BigInt(root.endTimeUnixNano)).toBeGreaterThanOrEqual(times[5] ?? 0n);
  });

  it('has its trace in its log line, by the names that OpenTelemetry gives them', async () => {
    const service = await start();
    await call(service, 'POST', '/v1/completions', {
      body: COMPLETION,
      headers: { traceparent: TRACEPARENT },
    });
    const line = service.logLines.find(({ path }) => path === '/v1/completions');
    const { spanId } = rootOf(await spansOf(service));
    expect(line).toMatchObject({ trace_id: TRACE_ID, span_id: spanId });
  });

  it('that is streamed tells of the time to its first chunk, when its last byte is out', async () => {
    const service = await start();
    await post(service, '/v1/completions', { ...COMPLETION, stream: true });
    const attributes = attributesOf(rootOf(await spansOf(service)));
    expect(attributes['gen_ai.request.stream']).toBe(true);
    expect(attributes['gen_ai.usage.output_tokens']).toBe(3);
    expect(attributes['gen_ai.response.time_to_first_chunk']).toBe(
      attributes['gen_ai.latency.time_to_first_token'],
    );
  });

  it('that asks no model is named by its route, and one of a monitor is none', async () => {
    const service = await start();
    await call(service, 'GET', '/v1/models');
    await call(service, 'GET', '/health');
    await call(service, 'GET', '/metrics');
    expect((await spansOf(service)).map(({ name }) => name)).toEqual(['GET /v1/models']);
  });

  it('that is refused tells why, without being a failure of the service', async () => {
    const service = await start();
    await post(service, '/v1/completions', { prompt: 'The river', max_tokens: -2 });
    const root = rootOf(await spansOf(service));
    expect(attributesOf(root)).toMatchObject({
      'error.type': 'invalid_request',
      'http.response.status_code': 400,
    });
    expect(root.status).toBeUndefined();
  });

  it('that fails after its stream began is a failure', async () => {
    engine.reset({ failAfter: 1 });
    const service = await start();
    await post(service, '/v1/completions', { ...COMPLETION, stream: true });
    const root = rootOf(await spansOf(service));
    expect(attributesOf(root)).toMatchObject({
      'error.type': 'backend_failure',
      'http.response.status_code': 200,
    });
    expect(root.status).toEqual({ code: 2 });
  });

  it('that is refused before the application sees it has its place in the trace, too', async () => {
    const service = await start();
    engine.numFreeSlots = 0;
    const headers = { traceparent: TRACEPARENT };
    const refuse = (): Promise<Answer> =>
      call(service, 'POST', '/v1/completions', { body: COMPLETION, headers });
    await until(async () => (await refuse()).status === 429);
    const { headers: told } = await refuse();
    const [last] = (await spansOf(service)).slice(-1);
    if (last === undefined) throw new Error('there is no span');
    expect(last).toMatchObject({ name: 'POST /v1/completions', parentSpanId: CLIENT_SPAN });
    expect(told['traceresponse']).toBe(`00-${TRACE_ID}-${last.spanId}-01`);
    expect(attributesOf(last)).toMatchObject({
      'error.type': 'queue_full',
      'http.response.status_code': 429,
    });
  });
});

describe('traceparent', () => {
  it.each([
    ['of no form', 'abc'],
    ['of version ff', `ff-${TRACE_ID}-${CLIENT_SPAN}-01`],
    ['without a trace', `00-${'0'.repeat(32)}-${CLIENT_SPAN}-01`],
    ['without a span', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['in capitals', TRACEPARENT.toUpperCase()],
    ['with more than version 00 has', `${TRACEPARENT}-more`],
    ['twice', `${TRACEPARENT}, ${TRACEPARENT}`],
  ])('%s is passed over: a trace begins', async (_, traceparent) => {
    const service = await start();
    const answer = await call(service, 'POST', '/v1/completions', {
      body: COMPLETION,
      headers: { traceparent, tracestate: 'vendor=abc' },
    });
    expect(answer.status).toBe(200);
    const root = rootOf(await spansOf(service));
    expect(root).toMatchObject({ parentSpanId: '', traceState: '' });
    expect(root.traceId).toMatch(/^[\da-f]{32}$/);
    expect(root.traceId).not.toBe(TRACE_ID);
  });

  it('of a version to come is read as far as it is known', async () => {
    const service = await start();
    const headers = { traceparent: `01-${TRACE_ID}-${CLIENT_SPAN}-01-more` };
    await call(service, 'POST', '/v1/completions', { body: COMPLETION, headers });
    expect(rootOf(await spansOf(service))).toMatchObject({ traceId: TRACE_ID, parentSpanId: CLIENT_SPAN });
  });

  it('of a megabyte is refused with all headers that are too long', async () => {
    const service = await start();
    const headers = { traceparent: TRACEPARENT + '0'.repeat(2 ** 20) };
    expect((await fetch(`${service.url}/v1/models`, { headers })).status).toBe(431);
    expect((await call(service, 'GET', '/v1/models')).status).toBe(200);
  });

  it('that is not sampled has the request without a span, and the answer says so', async () => {
    const service = await start();
    const headers = { traceparent: TRACEPARENT.replace(/01$/, '00') };
    const answer = await call(service, 'POST', '/v1/completions', { body: COMPLETION, headers });
    expect(answer.headers['traceresponse']).toMatch(new RegExp(`^00-${TRACE_ID}-[\\da-f]{16}-00$`));
    expect(await spansOf(service)).toEqual([]);
  });

  it('goes to the provider that a gateway asks, with the span of the request', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const provider = createServer((incoming, outgoing) => {
      seen.push(incoming.headers);
      incoming.resume();
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[]}');
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const { port } = provider.address() as AddressInfo;
    const gatewayHosts = new Map([['openai', `http://127.0.0.1:${port}`]]);
    const service = await start({ gatewayHosts });
    const headers = { traceparent: TRACEPARENT, tracestate: 'vendor=abc', 'cf-aig-cache-ttl': '60' };
    const body = { model: 'gpt-5', messages: [{ role: 'user', content: 'a' }] };
    const path = '/gateway/any/mine/openai/chat/completions';
    await call(service, 'POST', path, { body, headers });
    // Another place in a trace asks for the same answer.
    const again = { ...headers, traceparent: TRACEPARENT.replace(CLIENT_SPAN, 'f'.repeat(16)) };
    const { headers: told } = await call(service, 'POST', path, { body, headers: again });
    expect(told['cf-aig-cache-status']).toBe('HIT');
    const [first] = (await spansOf(service)).filter(({ kind }) => kind === 2);
    expect(seen.map(({ traceparent, tracestate }) => [traceparent, tracestate])).toEqual([
      [`00-${TRACE_ID}-${first?.spanId}-01`, 'vendor=abc'],
    ]);
    provider.closeAllConnections();
    provider.close();
  });
});

describe('a text of a client', () => {
  const messages = [
    { role: 'system', content: 'Answer in riddles.' },
    { role: 'user', content: [{ type: 'text', text: 'Who lives behind the mill?' }] },
  ];

  it('is in no span', async () => {
    const service = await start();
    await post(service, '/v1/chat/completions', { messages, max_tokens: 3 });
    await post(service, '/v1/behind-the-mill', { behind_the_mill: 1 });
    await spansOf(service);
    const text = receiver.received.map(({ body }) => body.toString()).join('\n');
    expect(text).toContain(`chat ${MODEL}`);
    expect(text).not.toMatch(/riddles|mill/);
  });

  it('is in the span of its request with OTEL_CAPTURE_CONTENT, and not in the log', async () => {
    const service = await start({ otelCaptureContent: true });
    await post(service, '/v1/chat/completions', { messages, max_tokens: 3 });
    const lines = JSON.stringify(service.logLines);
    const content = attributesOf(rootOf(await spansOf(service)))['gen_ai.input.messages'];
    expect(JSON.parse(String(content))).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'Answer in riddles.' }] },
      { role: 'user', parts: [{ type: 'text', content: 'Who lives behind the mill?' }] },
    ]);
    expect(lines).not.toMatch(/riddles|mill/);
  });
});

describe('OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  it('gets the traces at its path, with the headers that it wants and what the service is', async () => {
    const service = await start({
      otlpHeaders: [['x-key', 'a,b']],
      otelServiceName: 'stories',
      otelResourceAttributes: [['deployment.environment.name', 'test']],
    });
    await call(service, 'GET', '/v1/models');
    await spansOf(service);
    const [{ path, headers, body } = { path: '', headers: {}, body: '' }] = receiver.received;
    expect(path).toBe('/v1/traces');
    expect(headers).toMatchObject({ 'x-key': 'a,b', 'content-type': 'application/json' });
    expect(body.toString()).toContain('{"key":"service.name","value":{"stringValue":"stories"}}');
    expect(body.toString()).toContain('{"key":"deployment.environment.name","value":{"stringValue":"test"}}');
  });

  it('that is not set: no trace, and no header of one', async () => {
    const service = await start({ otlpEndpoint: undefined });
    const answer = await call(service, 'GET', '/v1/models', { headers: { traceparent: TRACEPARENT } });
    expect(answer.headers['traceresponse']).toBeUndefined();
    expect(service.logLines.find(({ path }) => path === '/v1/models')).not.toHaveProperty('trace_id');
    expect(await spansOf(service)).toEqual([]);
  });

  it('is not asked with OTEL_SDK_DISABLED', async () => {
    const service = await start({ otelDisabled: true });
    await call(service, 'GET', '/v1/models');
    expect(await spansOf(service)).toEqual([]);
  });

  it('that hangs costs no request, and the spans that it does not take are counted', async () => {
    receiver.answer = () => undefined;
    const service = await start();
    // More than a batch is sent at once; the others wait behind it.
    for (let i = 0; i < 130; i++)
      expect((await post(service, '/v1/completions', COMPLETION)).status).toBe(200);
    await until(() => receiver.received.length > 0);
    expect((await post(service, '/v1/completions', COMPLETION)).status).toBe(200);
    expect(await metric(service.url, 'tokenflare_trace_spans_exported_total')).toBe(0);
    await spansOf(service);
    const warnings = service.logLines.filter(({ msg }) => String(msg).startsWith('traces cannot be sent'));
    expect(warnings).toHaveLength(1);
  });
});
