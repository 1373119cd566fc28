import { groupOf } from '../../fairness/client-id.ts';
import { EngineError } from '../../errors.ts';
import { clip } from '../../values.ts';
import type { AppContext } from '../app-env.ts';
import { HeldBytes, type Holding } from './held-bytes.ts';
import { COUNTED_BYTES, GrowingBuffer, readBody } from './read-body.ts';

/** Of bodies that arrive, or wait to be parsed. There is one memory. */
const bodies = new HeldBytes('bodies that are received');
const MAX_BODIES_BYTES = 64 * 2 ** 20;
/** Where one body may be large, so many of them have room. */
const MIN_BODIES = 8;

interface BodyLimits {
  readonly limitBytes: number;
  /** What sets the limit, for messages. */
  readonly limitName: string;
  /** What may be sent. */
  readonly mediaType: RegExp;
  /** What may be sent, in the words of messages. */
  readonly mediaName: string;
  /** Most that such bodies take together; by default several of the largest fit. */
  readonly heldBytes?: number;
}

/**
 * Reads a request's body whole, and counts it as held until `use` is done with it. Its size is judged by
 * `content-length` before a byte is read, and a chunked body is cut off where it passes the limit.
 *
 * @param use the bytes are gone once it is done; its signal is aborted when the client leaves, or when the bodies of its
 * address or key take most of the room for bodies
 * @throws EngineError `payload_too_large`, `invalid_request` naming the header or the body, or `queue_full` where the
 * bodies of its address or key take most of the room for bodies
 */
export async function useBody<Result>(
  c: AppContext,
  limits: BodyLimits,
  use: (bytes: Uint8Array, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  checkContentLength(c.req.raw, limits);
  checkContentType(c.req.raw, limits);
  const { limitBytes, heldBytes = Math.max(MAX_BODIES_BYTES, MIN_BODIES * limitBytes) } = limits;
  const holding = mayBeCounted(c.req.raw)
    ? bodies.open(groupOf(c.get('scope').clientId), heldBytes)
    : undefined;
  const buffer = new GrowingBuffer(limitBytes);
  try {
    const bytes = await readBytes(c, buffer, limits, holding);
    const { signal } = c.req.raw;
    return await use(bytes, holding === undefined ? signal : AbortSignal.any([signal, holding.signal]));
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

function checkContentLength({ headers }: Request, limits: BodyLimits): void {
  const contentLength = Number(headers.get('content-length') ?? 0);
  if (contentLength > limits.limitBytes) throw tooLarge(`${contentLength} bytes`, limits);
}

function checkContentType({ headers }: Request, { mediaType, mediaName }: BodyLimits): void {
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    throw new EngineError(
      'invalid_request',
      `content-encoding '${clip(encoding)}' is not supported; send the body as it is`,
      { param: 'content-encoding' },
    );
  }
  const contentType = headers.get('content-type') ?? '';
  const [sent = ''] = contentType.toLowerCase().split(';');
  if (!mediaType.test(sent.trim())) {
    const actual = contentType === '' ? 'missing' : `'${clip(contentType)}'`;
    throw new EngineError('invalid_request', `content-type is ${actual}; send ${mediaName}`, {
      param: 'content-type',
    });
  }
}

/** The body's bytes; a client that closes the connection before it has sent them all is at fault, not the service. */
async function readBytes(
  c: AppContext,
  buffer: GrowingBuffer,
  limits: BodyLimits,
  holding: Holding | undefined,
): Promise<Uint8Array> {
  try {
    if (await readBody(c, buffer, { limitBytes: limits.limitBytes, holding })) return buffer.bytes();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('invalid_request', 'the body ended before it was whole', { param: 'body', cause });
  }
  throw tooLarge(`more than ${limits.limitBytes} bytes`, limits);
}

const tooLarge = (size: string, { limitBytes, limitName }: BodyLimits): EngineError =>
  new EngineError('payload_too_large', `the body has ${size}, the limit is ${limitBytes} (${limitName})`, {
    param: 'body',
  });
