/** What stands before a field of a message: how its value is written. */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const FIRST_BYTES = 4096;
/** A message that was longer leaves no larger buffer behind. */
const MAX_KEPT_BYTES = 65_536;
/** Shorter texts are written faster one character at a time than by a call into native code. */
const MAX_SHORT = 48;
const TWO_32 = 2 ** 32;

/** Writes messages of Protocol Buffers, field by field: https://protobuf.dev/programming-guides/encoding. */
export class ProtobufWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  /** What was written. The next message may begin. */
  finish(): Buffer {
    const written = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
    return written;
  }

  /** A whole number that is not negative, or a truth value. */
  varint(field: number, value: number): void {
    this.#tag(field, WIRE.varint);
    this.#varint(value);
  }

  /** Nanoseconds, of which a number holds no more than the microseconds. */
  nanoseconds(field: number, microseconds: number): void {
    const [high, low] = [Math.floor(microseconds / TWO_32), microseconds % TWO_32];
    this.#tag(field, WIRE.fixed64);
    this.#fixed32((1000 * low) % TWO_32);
    this.#fixed32(1000 * high + Math.floor((1000 * low) / TWO_32));
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, WIRE.fixed32);
    this.#fixed32(value);
  }

  double(field: number, value: number): void {
    this.#tag(field, WIRE.fixed64);
    this.#length = this.#reserve(8).writeDoubleLE(value, this.#length);
  }

  string(field: number, text: string): void {
    this.#tag(field, WIRE.bytes);
    if (text.length < MAX_SHORT && this.#ascii(text)) return;
    const numBytes = Buffer.byteLength(text);
    this.#varint(numBytes);
    this.#length += this.#reserve(numBytes).write(text, this.#length);
  }

  /** Bytes, as hexadecimal digits. */
  hex(field: number, digits: string): void {
    this.#tag(field, WIRE.bytes);
    this.#varint(digits.length / 2);
    const bytes = this.#reserve(digits.length / 2);
    for (let at = 0; at < digits.length; at += 2) {
      bytes[this.#length++] = digitAt(digits, at) * 16 + digitAt(digits, at + 1);
    }
  }

  /** A message that is written already. */
  bytes(field: number, bytes: Buffer): void {
    this.#tag(field, WIRE.bytes);
    this.#varint(bytes.length);
    this.#length += bytes.copy(this.#reserve(bytes.length), this.#length);
  }

  message(field: number, write: () => void): void {
    this.#tag(field, WIRE.bytes);
    // Most messages are shorter than 128 bytes: their length takes one byte. Others are moved to make room for it.
    const start = this.#length;
    this.#reserve(1);
    this.#length++;
    write();
    const numBytes = this.#length - start - 1;
    const extra = varintLength(numBytes) - 1;
    if (extra > 0) this.#reserve(extra).copyWithin(start + 1 + extra, start + 1, this.#length);
    this.#length = start;
    this.#varint(numBytes);
    this.#length += numBytes;
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  /** Writes a short text with its length, which takes one byte; false, and nothing is written, where it has other letters. */
  #ascii(text: string): boolean {
    const bytes = this.#reserve(1 + text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      bytes[this.#length + 1 + i] = code;
    }
    bytes[this.#length] = text.length;
    this.#length += 1 + text.length;
    return true;
  }

  #fixed32(value: number): void {
    const bytes = this.#reserve(4);
    for (let shift = 0; shift < 32; shift += 8) bytes[this.#length++] = (value >>> shift) & 0xff;
  }

  #varint(value: number): void {
    const bytes = this.#reserve(varintLength(value));
    let left = value;
    // Not by shifts, which have 32 bits.
    for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes[this.#length++] = (left % 0x80) | 0x80;
    bytes[this.#length++] = left;
  }

  /** Room for so many bytes more. */
  #reserve(numBytes: number): Buffer {
    if (this.#length + numBytes > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (this.#length + numBytes));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) length++;
  return length;
}

/** Of small letters and figures. */
function digitAt(digits: string, at: number): number {
  const code = digits.charCodeAt(at);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
