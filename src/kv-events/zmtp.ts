/** The wire of ZeroMQ, version 3.0, as a publisher speaks it: https://rfc.zeromq.org/spec/23. */

const GREETING_BYTES = 64;
const SIGNATURE_END = 9;
const MAJOR_AT = 10;
const MECHANISM_AT = 12;
const MECHANISM_BYTES = 20;
const NULL_MECHANISM = 'NULL';

const FLAGS = { more: 1, long: 2, command: 4 } as const;
const MAX_SHORT = 255;
/** A subscription's topic, or a command; no subscriber sends more. */
const MAX_FRAME_BYTES = 4096;

/** Without security, and of version 3.0: subscriptions come as messages then. */
export const GREETING = Buffer.alloc(GREETING_BYTES);
GREETING[0] = 0xff;
GREETING[SIGNATURE_END] = 0x7f;
GREETING[MAJOR_AT] = 3;
GREETING.write(NULL_MECHANISM, MECHANISM_AT, 'latin1');

/** After the greeting: what kind of socket this is. */
export const READY = command('READY', Buffer.from('\x0bSocket-Type\x00\x00\x00\x03PUB', 'latin1'));

function command(name: string, data: Buffer): Buffer {
  return frame(Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1'), data]), FLAGS.command);
}

function frame(body: Uint8Array, flags: number): Buffer {
  if (body.length <= MAX_SHORT) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  const head = Buffer.alloc(9);
  head[0] = flags | FLAGS.long;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, body]);
}

/** A message of several parts. */
export const message = (parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat(parts.map((part, index) => frame(part, index < parts.length - 1 ? FLAGS.more : 0)));

/** What a subscriber says. */
export type Heard =
  | { readonly type: 'ready' }
  | { readonly type: 'subscribe' | 'unsubscribe'; readonly topic: Buffer }
  /** Wants this back. */
  | { readonly type: 'ping'; readonly answer: Buffer }
  /** It speaks another language, or too much of this one. */
  | { readonly type: 'invalid' };

/** Reads what a subscriber sends, in whatever pieces it comes. Keeps less than a frame. */
export class ZmtpReader {
  #rest: Buffer = Buffer.alloc(0);
  #hasGreeted = false;
  #isReady = false;

  /** After `invalid` it must not be called again. */
  *read(piece: Uint8Array): Generator<Heard> {
    this.#rest = this.#rest.length === 0 ? Buffer.from(piece) : Buffer.concat([this.#rest, piece]);
    if (!this.#hasGreeted) {
      if (this.#rest.length < GREETING_BYTES) return;
      if (!isGreeting(this.#rest)) {
        yield { type: 'invalid' };
        return;
      }
      this.#hasGreeted = true;
      this.#rest = this.#rest.subarray(GREETING_BYTES);
    }
    for (;;) {
      const next = nextFrame(this.#rest);
      if (next === undefined) return;
      const heard = next === 'invalid' ? ({ type: 'invalid' } as const) : this.#hear(next);
      if (heard !== undefined) yield heard;
      if (next === 'invalid' || heard?.type === 'invalid') return;
      this.#rest = this.#rest.subarray(next.numBytes);
    }
  }

  #hear({ flags, body }: Frame): Heard | undefined {
    if ((flags & FLAGS.command) !== 0) return this.#hearCommand(body);
    // Each subscription is a message of one part.
    if (!this.#isReady || (flags & FLAGS.more) !== 0) return { type: 'invalid' };
    const topic = body.subarray(1);
    if (body[0] === 1) return { type: 'subscribe', topic };
    return body[0] === 0 ? { type: 'unsubscribe', topic } : undefined;
  }

  #hearCommand(body: Buffer): Heard | undefined {
    const data = 1 + (body[0] ?? 0);
    const name = body.toString('latin1', 1, data);
    if (!this.#isReady) {
      this.#isReady = name === 'READY' && body.includes('SUB', data, 'latin1');
      return { type: this.#isReady ? 'ready' : 'invalid' };
    }
    // Behind a time to live of two bytes stands what the answer repeats.
    if (name === 'PING') return { type: 'ping', answer: command('PONG', body.subarray(data + 2)) };
    return name === 'ERROR' ? { type: 'invalid' } : undefined;
  }
}

interface Frame {
  readonly flags: number;
  readonly body: Buffer;
  readonly numBytes: number;
}

/** Undefined where not all of it is there. */
function nextFrame(bytes: Buffer): Frame | 'invalid' | undefined {
  const [flags, short] = bytes;
  if (flags === undefined || short === undefined) return undefined;
  if (flags > (FLAGS.more | FLAGS.long | FLAGS.command)) return 'invalid';
  const isLong = (flags & FLAGS.long) !== 0;
  const start = isLong ? 9 : 2;
  if (bytes.length < start) return undefined;
  const length = isLong ? Number(bytes.readBigUInt64BE(1)) : short;
  if (length > MAX_FRAME_BYTES) return 'invalid';
  const numBytes = start + length;
  return bytes.length < numBytes ? undefined : { flags, body: bytes.subarray(start, numBytes), numBytes };
}

function isGreeting(bytes: Buffer): boolean {
  const mechanism = bytes
    .toString('latin1', MECHANISM_AT, MECHANISM_AT + MECHANISM_BYTES)
    .replaceAll('\0', '');
  const isSigned = bytes[0] === 0xff && bytes[SIGNATURE_END] === 0x7f;
  return isSigned && (bytes[MAJOR_AT] ?? 0) >= 3 && mechanism === NULL_MECHANISM;
}
