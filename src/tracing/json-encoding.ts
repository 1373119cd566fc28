import {
  flagsOf,
  KIND,
  microsecondsOf,
  SCOPE_NAME,
  STATUS_ERROR,
  type Attributes,
  type AttributeValue,
  type SpanEncoding,
} from './span.ts';
import { VERSION } from '../version.ts';

/** OTLP as JSON: the names of the protocol's fields in lowerCamelCase, ids in hexadecimal, 64 bits as texts. */
export const JSON_ENCODING: SpanEncoding = {
  contentType: 'application/json',
  encode: (span) =>
    Buffer.from(
      JSON.stringify({
        traceId: span.traceId,
        spanId: span.spanId,
        traceState: span.state,
        parentSpanId: span.parentSpanId,
        flags: flagsOf(span),
        name: span.name,
        kind: KIND[span.kind],
        startTimeUnixNano: `${microsecondsOf(span.startMs)}000`,
        endTimeUnixNano: `${microsecondsOf(span.endMs)}000`,
        attributes: toJson(span.attributes),
        ...(span.isFailed ? { status: { code: STATUS_ERROR } } : {}),
      }),
    ),
  body: (spans, resource) => {
    const attributes = JSON.stringify(toJson(resource));
    const scope = JSON.stringify({ name: SCOPE_NAME, version: VERSION });
    const head = `{"resourceSpans":[{"resource":{"attributes":${attributes}},"scopeSpans":[{"scope":${scope},"spans":[`;
    return Buffer.from(`${head}${spans.map(String).join(',')}]}]}]}`);
  },
};

const toJson = (attributes: Attributes): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

function anyValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  if ('double' in value) return { doubleValue: value.double };
  return { arrayValue: { values: value.map(anyValue) } };
}
