import { groupOf } from '../../fairness/client-id.ts';
import { clip, isRecord } from '../../values.ts';
import { EngineError } from '../../errors.ts';
import type { AppContext } from '../app-env.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { HeldBytes, type Holding } from './held-bytes.ts';
import { jsonFault } from './json-nesting.ts';
import { COUNTED_BYTES, readBody } from './read-body.ts';
import { threadTurns } from '../../fairness/thread-turns.ts';

/** From here on a body takes a millisecond or more to be read and checked. */
const LARGE_BYTES = 32_768;
/** Of bodies that arrive, or wait to be parsed. There is one memory. */
const bodies = new HeldBytes('bodies that are received');
const MAX_BODIES_BYTES = 64 * 2 ** 20;
/** Where one body may be large, so many of them have room. */
const MIN_BODIES = 8;

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;

/**
 * Reads a request's JSON object. Its size is judged by `content-length` before a byte is read, and a chunked body is
 * cut off where it passes the limit. Its type must be JSON even where nothing is sent: a page of another site can send
 * anything else without being asked.
 *
 * @param emptyBody what no body at all means; without it that is a fault
 * @throws EngineError `payload_too_large`, `invalid_request` naming the header or the body, or `queue_full` where the
 * bodies of its address or key take most of the room for bodies
 */
export async function readJsonBody(
  c: AppContext,
  limitBytes: number,
  emptyBody?: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  checkContentLength(c.req.raw, limitBytes);
  checkContentType(c.req.raw);
  const { clientId } = c.var.scope;
  const holding = mayBeCounted(c.req.raw)
    ? bodies.open(groupOf(clientId), Math.max(MAX_BODIES_BYTES, MIN_BODIES * limitBytes))
    : undefined;
  const buffer = new GrowingBuffer(limitBytes);
  try {
    const bytes = await readBytes(c, buffer, { limitBytes, holding });
    if (bytes.length === 0) {
      if (emptyBody !== undefined) return emptyBody;
      throw bodyError('the body is empty; send a JSON object');
    }
    c.var.scope.onPhase?.('preparing', bytes.length);
    if (bytes.length >= LARGE_BYTES) {
      await threadTurns.take(
        clientId,
        holding === undefined ? c.req.raw.signal : AbortSignal.any([c.req.raw.signal, holding.signal]),
      );
    }
    return parseObject(decodeUtf8(bytes));
  } finally {
    buffer.free();
    holding?.release();
  }
}

/** Node reads no more of a body than its length says. */
function mayBeCounted({ headers }: Request): boolean {
  const contentLength = headers.get('content-length');
  return contentLength === null || Number(contentLength) > COUNTED_BYTES;
}

function checkContentLength({ headers }: Request, limitBytes: number): void {
  const contentLength = Number(headers.get('content-length') ?? 0);
  if (contentLength > limitBytes) throw tooLarge(`${contentLength} bytes`, limitBytes);
}

function checkContentType({ headers }: Request): void {
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    throw new EngineError(
      'invalid_request',
      `content-encoding '${clip(encoding)}' is not supported; send plain JSON`,
      { param: 'content-encoding' },
    );
  }
  const contentType = headers.get('content-type') ?? '';
  const [mediaType = ''] = contentType.toLowerCase().split(';');
  if (!JSON_TYPE.test(mediaType.trim())) {
    const actual = contentType === '' ? 'missing' : `'${clip(contentType)}'`;
    throw new EngineError('invalid_request', `content-type is ${actual}; send application/json`, {
      param: 'content-type',
    });
  }
}

/** The body's bytes; a client that closes the connection before it has sent them all is at fault, not the service. */
async function readBytes(
  c: AppContext,
  buffer: GrowingBuffer,
  limits: { limitBytes: number; holding: Holding | undefined },
): Promise<Uint8Array> {
  try {
    if (await readBody(c, buffer, limits)) return buffer.bytes();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('invalid_request', 'the body ended before it was whole', { param: 'body', cause });
  }
  throw tooLarge(`more than ${limits.limitBytes} bytes`, limits.limitBytes);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw bodyError('the body is not valid UTF-8');
  }
}

function parseObject(text: string): Record<string, unknown> {
  const fault = jsonFault(text);
  if (fault !== undefined) throw bodyError(`the body ${fault}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The engine's own message quotes the body, and a prompt must not end up in a log; only the place is kept.
    const [position = ''] = / at position \d+/.exec(String(error)) ?? [];
    throw bodyError(`the body is not valid JSON${position}`);
  }
  if (isRecord(value)) return value;
  throw bodyError(`the body must be a JSON object, not ${describe(value)}`);
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

const bodyError = (message: string): EngineError =>
  new EngineError('invalid_request', message, { param: 'body' });

const tooLarge = (size: string, limitBytes: number): EngineError =>
  new EngineError('payload_too_large', `the body has ${size}, the limit is ${limitBytes} (BODY_LIMIT)`, {
    param: 'body',
  });
