const UINT8 = 0xcc;
const UINT16 = 0xcd;
const UINT32 = 0xce;
const UINT64 = 0xcf;
const FLOAT64 = 0xcb;
const NIL = 0xc0;
const BIN8 = 0xc4;
const STR8 = 0xd9;
const FIXARRAY = 0x90;
const ARRAY16 = 0xdc;
const ARRAY32 = 0xdd;

const FIRST_BYTES = 1024;

/** Writes MessagePack, value by value: https://github.com/msgpack/msgpack/blob/master/spec.md. */
export class MessagePackWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  nil(): void {
    this.#byte(NIL);
  }

  /** A whole number of at most 32 bits that is not negative. */
  integer(value: number): void {
    if (value < 0x80) this.#byte(value);
    else if (value < 0x100) this.#head(UINT8, 1, value);
    else if (value < 0x10000) this.#head(UINT16, 2, value);
    else this.#head(UINT32, 4, value);
  }

  /** Eight bytes, the first of most weight. */
  uint64(bytes: Uint8Array): void {
    this.#byte(UINT64);
    this.#copy(bytes);
  }

  float(value: number): void {
    this.#byte(FLOAT64);
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleBE(value, this.#length);
  }

  /** A text of at most 255 bytes, such as a name. */
  string(text: string): void {
    const bytes = Buffer.from(text);
    this.#head(STR8, 1, bytes.length);
    this.#copy(bytes);
  }

  /** At most 255. */
  bytes(bytes: Uint8Array): void {
    this.#head(BIN8, 1, bytes.length);
    this.#copy(bytes);
  }

  /** So many values follow. */
  array(count: number): void {
    if (count < 0x10) this.#byte(FIXARRAY | count);
    else if (count < 0x10000) this.#head(ARRAY16, 2, count);
    else this.#head(ARRAY32, 4, count);
  }

  #head(type: number, numBytes: number, value: number): void {
    this.#byte(type);
    this.#reserve(numBytes);
    this.#length = this.#bytes.writeUIntBE(value, this.#length, numBytes);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #copy(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(numBytes: number): void {
    if (this.#length + numBytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + numBytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
