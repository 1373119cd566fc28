import { randomBytes } from 'node:crypto';

/** A span's place in its trace, as W3C's Trace Context has it. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
  /** The header `tracestate`, passed on as it came; '' where there is none. */
  readonly state: string;
}

const TRACEPARENT =
  /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:$|(-).*$)/;
const SAMPLED = 1;

const MAX_STATE_LENGTH = 512;
const MAX_STATE_MEMBERS = 32;
const STATE_MEMBER = /^[\t ]*(?:[a-z\d][a-z\d_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,256})?[\t ]*$/;

/** The caller's place in a trace; undefined where its header is missing or malformed: W3C has a new trace begin then. */
export function readTraceContext(
  traceparent: string | undefined,
  tracestate: string | undefined,
): TraceContext | undefined {
  const [, version = '', traceId = '', spanId = '', flags = '', rest] =
    TRACEPARENT.exec(traceparent ?? '') ?? [];
  // Versions to come may add fields; this one has no more.
  if (traceId === '' || (version === '00' && rest !== undefined)) return undefined;
  return { traceId, spanId, isSampled: (parseInt(flags, 16) & SAMPLED) !== 0, state: readState(tracestate) };
}

function readState(tracestate = ''): string {
  if (tracestate.length > MAX_STATE_LENGTH) return '';
  const members = tracestate.split(',');
  return members.length <= MAX_STATE_MEMBERS && members.every((member) => STATE_MEMBER.test(member))
    ? tracestate
    : '';
}

export const traceparentOf = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

export const newTraceId = (): string => randomDigits(32);
export const newSpanId = (): string => randomDigits(16);

/** Random bytes come in hundreds, since a call for them takes 3 us. */
const POOL_BYTES = 512;
let pool = '';

function randomDigits(count: number): string {
  if (pool.length < count) pool = randomBytes(POOL_BYTES).toString('hex');
  const digits = pool.slice(0, count);
  pool = pool.slice(count);
  return digits;
}
