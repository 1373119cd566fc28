import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** As the hub keeps it: SHA-256 of a file in large-file storage, git's own blob id of any other. */
export interface Checksum {
  readonly algorithm: 'sha256' | 'git-sha1';
  readonly hex: string;
}

/** The checksums of a file that is fed in order: SHA-256, which a manifest keeps, and the one that the hub lists. */
export class FileHash {
  readonly #sha256 = createHash('sha256');
  readonly #gitSha1: Hash | undefined;

  /** @param size of the whole file in bytes, which git hashes before its content */
  constructor(size: number, algorithm: Checksum['algorithm']) {
    if (algorithm === 'git-sha1') this.#gitSha1 = createHash('sha1').update(`blob ${size}\0`);
  }

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#gitSha1?.update(bytes);
  }

  /** In hex. Ends the hash. */
  digest(): FileDigest {
    const sha256 = this.#sha256.digest('hex');
    return { sha256, listed: this.#gitSha1?.digest('hex') ?? sha256 };
  }
}

export interface FileDigest {
  readonly sha256: string;
  /** By the algorithm of the hub's listing. */
  readonly listed: string;
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
