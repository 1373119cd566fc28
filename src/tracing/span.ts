/** A whole number, or one that OTLP is to take for a fraction whatever its value. */
export type AttributeValue = string | boolean | number | { readonly double: number } | readonly string[];

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** One piece of work of a trace, whole. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** '' for the first of its trace. */
  readonly parentSpanId: string;
  readonly state: string;
  readonly name: string;
  readonly kind: 'internal' | 'server';
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly isFailed: boolean;
}

/** How a batch of spans is written. A span is encoded as soon as it ends, so that what waits is counted in bytes. */
export interface SpanEncoding {
  readonly contentType: string;
  encode(span: Span): Buffer;
  /** The body of a request: encoded spans, and what is said of all of them. */
  body(spans: readonly Buffer[], resource: Attributes): Buffer;
}

/** What OTLP calls the code that made the spans. */
export const SCOPE_NAME = 'tokenflare';

/** Numbers of the protocol's enumerations. */
export const KIND = { internal: 1, server: 2 } as const;
export const STATUS_ERROR = 2;
/** The parent is of another process, and it is known that it is. */
export const flagsOf = ({ kind, parentSpanId }: Span): number =>
  0x100 | (kind === 'server' && parentSpanId !== '' ? 0x200 : 0) | 1;

/** A number holds a time of this century to the microsecond, but not to the nanosecond. */
export const microsecondsOf = (ms: number): number => Math.round(ms * 1000);
