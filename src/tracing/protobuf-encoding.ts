import { ProtobufWriter } from './protobuf-writer.ts';
import {
  flagsOf,
  KIND,
  microsecondsOf,
  SCOPE_NAME,
  STATUS_ERROR,
  type Attributes,
  type AttributeValue,
  type Span,
  type SpanEncoding,
} from './span.ts';
import { VERSION } from '../version.ts';

/** Numbers of fields, of opentelemetry/proto/trace/v1/trace.proto and its neighbours. */
const REQUEST = { resourceSpans: 1 } as const;
const RESOURCE_SPANS = { resource: 1, scopeSpans: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_SPANS = { scope: 1, spans: 2 } as const;
const SCOPE = { name: 1, version: 2 } as const;
const SPAN = {
  traceId: 1,
  spanId: 2,
  traceState: 3,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  startTime: 7,
  endTime: 8,
  attributes: 9,
  status: 15,
  flags: 16,
} as const;
const STATUS = { code: 3 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { string: 1, bool: 2, int: 3, double: 4, array: 5 } as const;
const ARRAY = { values: 1 } as const;

/** Each message is written whole before the next begins. */
const writer = new ProtobufWriter();

/** OTLP as Protocol Buffers, which every receiver of OTLP over HTTP takes. */
export const PROTOBUF_ENCODING: SpanEncoding = {
  contentType: 'application/x-protobuf',
  encode,
  body: (spans, resource) => {
    writer.message(REQUEST.resourceSpans, () => {
      writer.message(RESOURCE_SPANS.resource, () => writeAttributes(RESOURCE.attributes, resource));
      writer.message(RESOURCE_SPANS.scopeSpans, () => {
        writer.message(SCOPE_SPANS.scope, () => {
          writer.string(SCOPE.name, SCOPE_NAME);
          writer.string(SCOPE.version, VERSION);
        });
        for (const span of spans) writer.bytes(SCOPE_SPANS.spans, span);
      });
    });
    return writer.finish();
  },
};

function encode(span: Span): Buffer {
  writer.hex(SPAN.traceId, span.traceId);
  writer.hex(SPAN.spanId, span.spanId);
  if (span.state !== '') writer.string(SPAN.traceState, span.state);
  if (span.parentSpanId !== '') writer.hex(SPAN.parentSpanId, span.parentSpanId);
  writer.string(SPAN.name, span.name);
  writer.varint(SPAN.kind, KIND[span.kind]);
  writer.nanoseconds(SPAN.startTime, microsecondsOf(span.startMs));
  writer.nanoseconds(SPAN.endTime, microsecondsOf(span.endMs));
  writeAttributes(SPAN.attributes, span.attributes);
  if (span.isFailed) writer.message(SPAN.status, () => writer.varint(STATUS.code, STATUS_ERROR));
  writer.fixed32(SPAN.flags, flagsOf(span));
  return writer.finish();
}

function writeAttributes(field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    writer.message(field, () => {
      writer.string(KEY_VALUE.key, key);
      writer.message(KEY_VALUE.value, () => writeValue(value));
    });
  }
}

function writeValue(value: AttributeValue): void {
  if (typeof value === 'string') writer.string(ANY_VALUE.string, value);
  else if (typeof value === 'boolean') writer.varint(ANY_VALUE.bool, Number(value));
  else if (typeof value === 'number') writer.varint(ANY_VALUE.int, value);
  else if ('double' in value) writer.double(ANY_VALUE.double, value.double);
  else {
    writer.message(ANY_VALUE.array, () => {
      for (const text of value) writer.message(ARRAY.values, () => writeValue(text));
    });
  }
}
