import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { JSON_ENCODING } from '../../src/tracing/json-encoding.ts';
import { PROTOBUF_ENCODING } from '../../src/tracing/protobuf-encoding.ts';
import type { Span } from '../../src/tracing/span.ts';
import { readTraceContext } from '../../src/tracing/trace-context.ts';
import { startTestService } from '../support/service.ts';
import { installTelemetryPython } from '../support/telemetry-python.ts';
import { TraceReceiver, attributesOf, type ReceivedSpan } from '../support/trace-receiver.ts';

/** What is exported, read by OpenTelemetry's own packages. */

const READ_TRACES = fileURLToPath(new URL('../support/read-traces.py', import.meta.url));
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CLIENT_SPAN = '00f067aa0ba902b7';

let python: Awaited<ReturnType<typeof installTelemetryPython>>;
beforeAll(async () => {
  python = await installTelemetryPython();
}, 300_000);

interface Given {
  protobuf?: Buffer[];
  json?: Buffer[];
  headers?: string[];
}

interface Message {
  resourceSpans: {
    resource: { attributes: ReceivedSpan['attributes'] };
    scopeSpans: { scope: object; spans: ReceivedSpan[] }[];
  }[];
}

function read(
  skip: (reason: string) => void,
  { protobuf = [], json = [], headers = [] }: Given,
): { protobuf: Message[]; json: Message[]; headers: ([string, string, boolean] | null)[] } {
  if ('reason' in python) {
    skip(python.reason);
    throw new Error(python.reason);
  }
  const input = {
    protobuf: protobuf.map((body) => body.toString('base64')),
    json: json.map(String),
    headers,
  };
  const { status, stdout, stderr } = spawnSync(python.path, [READ_TRACES], {
    input: JSON.stringify(input),
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as ReturnType<typeof read>;
}

const SPANS: Span[] = [
  {
    traceId: TRACE_ID,
    spanId: CLIENT_SPAN,
    parentSpanId: '',
    state: '',
    name: '',
    kind: 'internal',
    startMs: 0,
    endMs: 0,
    attributes: {},
    isFailed: false,
  },
  {
    traceId: TRACE_ID,
    spanId: 'fedcba9876543210',
    parentSpanId: CLIENT_SPAN,
    state: 'vendor=abc',
    name: 'chat müller/☂',
    kind: 'server',
    startMs: 1_796_025_600_000.125,
    endMs: 1_796_025_600_123.5,
    attributes: {
      text: 'é'.repeat(5000),
      empty: '',
      yes: true,
      no: false,
      zero: 0,
      small: 127,
      larger: 128,
      large: 2 ** 53 - 1,
      whole: { double: 1 },
      part: { double: 0.123 },
      list: ['stop', '', 'length'],
      none: [],
    },
    isFailed: true,
  },
];

describe('a batch of spans', () => {
  it('is the same message of the official schema in both encodings', ({ skip }) => {
    const resource = { 'service.name': 'stories' };
    const [protobuf, json] = [PROTOBUF_ENCODING, JSON_ENCODING].map((encoding) =>
      encoding.body(SPANS.map(encoding.encode), resource),
    );
    if (protobuf === undefined || json === undefined) throw new Error('there are two encodings');
    const found = read(skip, { protobuf: [protobuf], json: [json] });
    expect(found.protobuf).toEqual(found.json);
    const [first, second] = found.protobuf[0]?.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    expect(first).toMatchObject({ traceId: TRACE_ID, spanId: CLIENT_SPAN });
    expect(second).toMatchObject({
      traceId: TRACE_ID,
      spanId: 'fedcba9876543210',
      parentSpanId: CLIENT_SPAN,
      traceState: 'vendor=abc',
      name: 'chat müller/☂',
      kind: 'SPAN_KIND_SERVER',
      startTimeUnixNano: '1796025600000125000',
      endTimeUnixNano: '1796025600123500000',
      status: { code: 'STATUS_CODE_ERROR' },
    });
    expect(second?.attributes).toContainEqual({ key: 'large', value: { intValue: String(2 ** 53 - 1) } });
    expect(second?.attributes).toContainEqual({ key: 'whole', value: { doubleValue: 1 } });
    expect(second?.attributes).toContainEqual({ key: 'text', value: { stringValue: 'é'.repeat(5000) } });
  });
});

describe('a traceparent', () => {
  it('means what it means to the official propagator', ({ skip }) => {
    const good = `00-${TRACE_ID}-${CLIENT_SPAN}-01`;
    const headers = [
      good,
      good.replace(/01$/, '00'),
      good.replace(/01$/, 'ff'),
      good.replace(/^00/, 'ff'),
      good.replace(/^00/, '01'),
      `${good.replace(/^00/, '01')}-more`,
      `${good}-more`,
      `${good}x`,
      good.toUpperCase(),
      good.replace(TRACE_ID, '0'.repeat(32)),
      good.replace(CLIENT_SPAN, '0'.repeat(16)),
      good.slice(0, -1),
      `${good},${good}`,
      '',
      '00',
    ];
    const own = headers.map((header) => {
      const context = readTraceContext(header, undefined);
      return context === undefined ? null : [context.traceId, context.spanId, context.isSampled];
    });
    expect(own).toEqual(read(skip, { headers }).headers);
    expect(own.filter((one) => one !== null)).toHaveLength(5);
  });
});

describe('a service with a real engine', { timeout: 120_000 }, () => {
  it('exports one trace of a request, from its client through queue, prefill and decode', async ({
    skip,
  }) => {
    await using receiver = await TraceReceiver.start();
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_SERVICE_NAME: 'stories',
      OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=replica-1',
    };
    const startedAt = Date.now();
    {
      await using service = await startTestService(environment);
      const answer = await fetch(`${service.url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', traceparent: `00-${TRACE_ID}-${CLIENT_SPAN}-01` },
        body: JSON.stringify({ prompt: 'The river', max_tokens: 4, ignore_eos: true }),
      });
      expect(answer.status, await answer.text()).toBe(200);
    }
    const { protobuf } = read(skip, { protobuf: receiver.received.map(({ body }) => body) });
    expect(protobuf).toHaveLength(1);
    const [{ resource, scopeSpans } = { resource: { attributes: [] }, scopeSpans: [] }] =
      protobuf[0]?.resourceSpans ?? [];
    expect(resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'stories' } });
    expect(resource.attributes).toContainEqual({ key: 'k8s.pod.name', value: { stringValue: 'replica-1' } });
    const spans = scopeSpans.flatMap((scope) => scope.spans);
    expect(spans.map(({ name }) => name.split(' ')[0])).toEqual([
      'text_completion',
      'queue',
      'prefill',
      'decode',
    ]);
    const [root, ...parts] = spans;
    expect(root).toMatchObject({ traceId: TRACE_ID, parentSpanId: CLIENT_SPAN });
    for (const part of parts) expect(part).toMatchObject({ traceId: TRACE_ID, parentSpanId: root?.spanId });
    if (root === undefined) throw new Error('there is no span');
    expect(attributesOf(root)).toMatchObject({ 'gen_ai.usage.output_tokens': 4 });
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
      expect(Number(BigInt(startTimeUnixNano) / 1_000_000n)).toBeGreaterThanOrEqual(startedAt - 5);
      expect(Number(BigInt(endTimeUnixNano) / 1_000_000n)).toBeLessThanOrEqual(Date.now() + 5);
    }
  });
});
