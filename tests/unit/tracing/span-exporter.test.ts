import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JSON_ENCODING } from '../../../src/tracing/json-encoding.ts';
import { SpanExporter, type SpanExporterOptions } from '../../../src/tracing/span-exporter.ts';
import type { Span } from '../../../src/tracing/span.ts';
import { newSpanId, newTraceId } from '../../../src/tracing/trace-context.ts';
import { until } from '../../support/service.ts';
import { TraceReceiver } from '../../support/trace-receiver.ts';

let receiver: TraceReceiver;
let lost: string[] = [];
let back: number[] = [];
beforeEach(async () => {
  receiver = await TraceReceiver.start();
  lost = [];
  back = [];
});
afterEach(() => receiver[Symbol.asyncDispose]());

const exporterTo = (url: string, options: Partial<SpanExporterOptions> = {}): SpanExporter =>
  new SpanExporter({
    url,
    headers: [],
    encoding: JSON_ENCODING,
    resource: {},
    delayMs: 5,
    onLost: (reason) => lost.push(reason),
    onBack: (numDropped) => back.push(numDropped),
    ...options,
  });

const spans = (count: number, attributes: Span['attributes'] = {}): Span[] =>
  Array.from({ length: count }, (_, i) => ({
    traceId: newTraceId(),
    spanId: newSpanId(),
    parentSpanId: '',
    state: '',
    name: `span ${i}`,
    kind: 'server',
    startMs: 1,
    endMs: 2,
    attributes,
    isFailed: false,
  }));

describe('spans', () => {
  it('are sent in batches, in order, each once', async () => {
    const exporter = exporterTo(receiver.url);
    exporter.add(spans(1100));
    await until(() => exporter.numExported === 1100);
    expect(receiver.received.length).toBeGreaterThanOrEqual(3);
    expect(receiver.spans().map(({ name }) => name)).toEqual(spans(1100).map(({ name }) => name));
    await exporter.close();
    expect([lost, back]).toEqual([[], []]);
  });

  it('wait while the endpoint cannot take them, and are sent then', async () => {
    receiver.answer = (outgoing) => void outgoing.writeHead(503).end();
    const exporter = exporterTo(receiver.url);
    exporter.add(spans(3));
    await until(() => receiver.received.length >= 2);
    receiver.received.length = 0;
    receiver.answer = (outgoing) => void outgoing.writeHead(200).end();
    await until(() => exporter.numExported === 3);
    expect(exporter.numDropped).toBe(0);
    expect(lost).toEqual(['the endpoint answers with status 503']);
    expect(back).toEqual([0]);
    await exporter.close();
  });

  it('are dropped where the endpoint does not want them, those after them are not', async () => {
    receiver.answer = (outgoing) => void outgoing.writeHead(400).end();
    const exporter = exporterTo(receiver.url);
    exporter.add(spans(3));
    await until(() => exporter.numDropped === 3);
    expect(receiver.received).toHaveLength(1);
    receiver.answer = (outgoing) => void outgoing.writeHead(200).end();
    exporter.add(spans(2));
    await until(() => exporter.numExported === 2);
    expect(back).toEqual([3]);
    await exporter.close();
  });

  it.each([
    ['refuses connections', 'http://127.0.0.1:1', 'ECONNREFUSED'],
    ['is nowhere', 'http://nowhere.invalid', 'ENOTFOUND'],
  ])('are given up after some attempts at an endpoint that %s', async (_, url, code) => {
    const exporter = exporterTo(url);
    exporter.add(spans(2));
    await until(() => exporter.numDropped === 2);
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatch(new RegExp(`${code}|EAI_AGAIN|bad port`));
    await exporter.close();
  });

  it('are given up after some deadlines of an endpoint that hangs', async () => {
    receiver.answer = () => undefined;
    const exporter = exporterTo(receiver.url, { timeoutMs: 20 });
    exporter.add(spans(1));
    await until(() => exporter.numDropped === 1);
    expect(receiver.received).toHaveLength(5);
    await exporter.close();
  });

  it('follow no redirect', async () => {
    receiver.answer = (outgoing) => void outgoing.writeHead(307, { location: '/elsewhere' }).end();
    const exporter = exporterTo(receiver.url);
    exporter.add(spans(1));
    await until(() => exporter.numDropped === 1);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/']);
    await exporter.close();
  });

  it('that wait are bounded by number and by bytes', async () => {
    receiver.answer = () => undefined;
    const exporter = exporterTo(receiver.url, { timeoutMs: 60_000 });
    exporter.add(spans(9000));
    expect(exporter.numDropped).toBe(9000 - 8192);
    const other = exporterTo(receiver.url, { timeoutMs: 60_000 });
    other.add(spans(100, { text: 'a'.repeat(2 ** 20) }));
    expect(other.numDropped).toBeGreaterThan(100 - 8);
    expect(lost).toEqual(Array(2).fill('more spans end than can be sent'));
    await Promise.all([exporter.close(), other.close()]);
    expect(exporter.numDropped + other.numDropped).toBe(9100);
  });

  it('that wait are sent when the service ends', async () => {
    const exporter = exporterTo(receiver.url, { delayMs: 60_000 });
    exporter.add(spans(3));
    await exporter.close();
    expect(receiver.spans()).toHaveLength(3);
    exporter.add(spans(1));
    expect(exporter.numDropped).toBe(1);
  });
});
