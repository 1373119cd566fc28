import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** As the hub keeps it: SHA-256 of a file in large-file storage, git's own blob id of any other. */
export interface Checksum {
  readonly algorithm: 'sha256' | 'git-sha1';
  readonly hex: string;
}

/** Both checksums of a file, fed in order. */
export class FileHash {
  readonly #sha256 = createHash('sha256');
  readonly #gitSha1 = createHash('sha1');

  /** @param size of the whole file in bytes, which git hashes before its content */
  constructor(size: number) {
    this.#gitSha1.update(`blob ${size}\0`);
  }

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#gitSha1.update(bytes);
  }

  /** Ends the hash. */
  digest(): Record<Checksum['algorithm'], string> {
    return { sha256: this.#sha256.digest('hex'), 'git-sha1': this.#gitSha1.digest('hex') };
  }
}

/** The SHA-256 of a file, in hex; `onBytes` is told of each piece as it is read. */
export async function sha256OfFile(path: string, onBytes: (count: number) => void): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    onBytes(chunk.length);
  }
  return hash.digest('hex');
}
