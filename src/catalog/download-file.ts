import { constants, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { EngineError } from '../errors.ts';
import { diskError } from './check-disk-space.ts';
import { FileHash, type FileDigest } from './file-hash.ts';
import type { HubFile } from './hub-repository.ts';
import { brokenConnection } from './hub.ts';
import { setTimeout as delay } from 'node:timers/promises';

export interface RetryPolicy {
  /** Failures in a row, without anything won between them, after which it is given up. */
  readonly maxFailures: number;
  /** Before the second try, in milliseconds; doubled for each one after. */
  readonly firstDelayMs: number;
  /** Told why it is tried again, and after how long. */
  readonly onRetry?: (error: EngineError, delayMs: number) => void;
}

export const DEFAULT_RETRIES: RetryPolicy = { maxFailures: 5, firstDelayMs: 1000 };

/**
 * Tries until it succeeds, or fails for good: not retryable, or `maxFailures` in a row.
 * @param attempt says by `progress` that something was won, which makes the next failure the first again
 * @throws what the last attempt threw, or that it was aborted
 */
export async function withRetries<T>(
  policy: RetryPolicy,
  signal: AbortSignal,
  attempt: (progress: () => void) => Promise<T>,
): Promise<T> {
  let numFailures = 0;
  for (;;) {
    try {
      return await attempt(() => (numFailures = 0));
    } catch (error) {
      numFailures++;
      signal.throwIfAborted();
      if (!(error instanceof EngineError) || !error.retryable || numFailures >= policy.maxFailures)
        throw error;
      const delayMs = error.retryAfterMs ?? policy.firstDelayMs * 2 ** (numFailures - 1);
      policy.onRetry?.(error, delayMs);
      await delay(delayMs, undefined, { signal });
    }
  }
}

export interface FileDownload {
  readonly file: HubFile;
  /** Where its bytes gather; what is there already is hashed, and not asked for again. */
  readonly partPath: string;
  /** The hub's answer with the bytes from `start` on. */
  readonly open: (start: number) => Promise<Response>;
  readonly retries: RetryPolicy;
  readonly signal: AbortSignal;
  /** Told of bytes that are there, from the disk or the hub; less than 0 when some are thrown away. */
  readonly onBytes: (count: number) => void;
}

const READ_BYTES = 1 << 20;

/**
 * Brings a file to disk, whole, checked and flushed, and returns its SHA-256 in hex. Bytes of an earlier try that turn
 * out wrong are thrown away, and the file is fetched anew, once.
 * @throws EngineError `weights_invalid` when what the hub sends is not what it lists, and the file is gone then;
 * `download_failed` when the connection or the disk fails, and what came is kept
 */
export async function downloadFile(download: FileDownload): Promise<string> {
  const { file, partPath } = download;
  const isResumed = (await sizeOnDisk(partPath)) > 0;
  const digest = await completeFile(download);
  if (digest.listed === file.checksum.hex) return digest.sha256;
  await rm(partPath, { force: true });
  download.onBytes(-file.size);
  if (isResumed) return downloadFile(download);
  throw new EngineError(
    'weights_invalid',
    `${file.path} came with the wrong bytes: its ${file.checksum.algorithm} is ${digest.listed}, and ` +
      `the hub lists ${file.checksum.hex}. The file was deleted; pull again, from another mirror if it stays so`,
  );
}

async function completeFile(download: FileDownload): Promise<FileDigest> {
  const handle = await open(download.partPath, constants.O_RDWR | constants.O_CREAT);
  try {
    const writer = new PartWriter(download, handle);
    await writer.readExisting();
    await receiveAll(download, writer);
    await handle.sync();
    return writer.digest();
  } catch (error) {
    throw diskError(error);
  } finally {
    await handle.close();
  }
}

async function receiveAll(download: FileDownload, writer: PartWriter): Promise<void> {
  try {
    while (!writer.isComplete) {
      await withRetries(download.retries, download.signal, (progress) => receive(download, writer, progress));
    }
  } catch (cause) {
    if (!(cause instanceof EngineError) || !cause.retryable) throw cause;
    const message = `${cause.message}; what came so far is kept: run the same command again to go on`;
    throw new EngineError('download_failed', message, { retryable: true, cause });
  }
}

/** One request: from where the file ends now to where it should. */
async function receive(download: FileDownload, writer: PartWriter, progress: () => void): Promise<void> {
  const { furthest } = writer;
  const response = await download.open(writer.position);
  const host = new URL(response.url).host;
  if (writer.position > 0) await checkRange(response, writer);
  try {
    for await (const chunk of bytesOf(response)) {
      await writer.write(chunk);
      if (writer.position > furthest) progress();
    }
  } catch (error) {
    // Out of the loop by an error of the disk, or of the file: that is none of the connection.
    if (error instanceof EngineError) throw error;
    download.signal.throwIfAborted();
    throw brokenConnection(host, error);
  }
  if (!writer.isComplete) throw brokenConnection(host, new Error(`it ended at byte ${writer.position}`));
}

function bytesOf(response: Response): AsyncIterable<Uint8Array> {
  return (response.body ?? []) as unknown as AsyncIterable<Uint8Array>;
}

/** Who does not know ranges sends the file from its start; so it is written from its start. */
async function checkRange(response: Response, writer: PartWriter): Promise<void> {
  const range = response.headers.get('content-range') ?? '';
  if (response.status === 206 && range.startsWith(`bytes ${writer.position}-`)) return;
  if (response.status === 206) {
    await response.body?.cancel();
    throw brokenConnection(
      new URL(response.url).host,
      new Error(`it sent '${range}' when asked from byte ${writer.position}`),
    );
  }
  await writer.restart();
}

/** A file on its way: its bytes go to disk and through the hashes, in order. */
class PartWriter {
  readonly #file: HubFile;
  readonly #handle: FileHandle;
  readonly #onBytes: (count: number) => void;
  #hash: FileHash;
  #position = 0;
  #furthest = 0;

  constructor({ file, onBytes }: FileDownload, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
    this.#onBytes = onBytes;
    this.#hash = new FileHash(file.size, file.checksum.algorithm);
  }

  get position(): number {
    return this.#position;
  }

  /** The position that it was at before it was begun again, if that was further. */
  get furthest(): number {
    return this.#furthest;
  }

  get isComplete(): boolean {
    return this.#position === this.#file.size;
  }

  /** Takes up where an earlier process stopped. */
  async readExisting(): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size > this.#file.size) return this.restart();
    const buffer = new Uint8Array(READ_BYTES);
    while (this.#position < size) {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#position);
      if (bytesRead === 0) return;
      this.#take(buffer.subarray(0, bytesRead));
    }
  }

  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#onBytes(-this.#position);
    this.#position = 0;
    this.#hash = new FileHash(this.#file.size, this.#file.checksum.algorithm);
  }

  /** @throws EngineError `weights_invalid` when more comes than was listed */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#position + bytes.length > this.#file.size) {
      await this.restart();
      throw new EngineError(
        'weights_invalid',
        `${this.#file.path} is longer than the ${this.#file.size} bytes that the hub lists; it was not taken`,
      );
    }
    try {
      let written = 0;
      while (written < bytes.length) {
        const { bytesWritten } = await this.#handle.write(
          bytes,
          written,
          bytes.length - written,
          this.#position + written,
        );
        written += bytesWritten;
      }
    } catch (error) {
      throw diskError(error);
    }
    this.#take(bytes);
  }

  digest(): FileDigest {
    return this.#hash.digest();
  }

  #take(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#position += bytes.length;
    this.#furthest = Math.max(this.#furthest, this.#position);
    this.#onBytes(bytes.length);
  }
}

function sizeOnDisk(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
