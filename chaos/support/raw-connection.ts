import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { sleep, within } from './until.ts';

/** A connection that sends any bytes at all, and reads only when it is told to. */
export class RawConnection {
  readonly socket: Socket;
  #received = 0;
  #text = '';
  #isClosed = false;
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#received += bytes.length;
      if (this.#text.length < 65_536) this.#text += bytes.toString('latin1');
    });
    // A reset is an end like another.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        this.#isClosed = true;
        resolve();
      }),
    );
  }

  /** `undefined` where the service takes no connection within 5 s. */
  static async open(
    port: number,
    address = '127.0.0.1',
    { reads = true, allowHalfOpen = false } = {},
  ): Promise<RawConnection | undefined> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: address, allowHalfOpen });
    const connection = new RawConnection(socket);
    if (!reads) socket.pause();
    const connected = once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if ((await within(connected, 5000)) === true) return connection;
    socket.destroy();
    return undefined;
  }

  /** The first 64 KiB that came back. */
  get text(): string {
    return this.#text;
  }

  get numReceived(): number {
    return this.#received;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  write(data: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(data);
  }

  /** Sends bytes one by one, each in a packet of its own, until all are sent or time is up. */
  async trickle(data: Buffer, { pauseMs, limitMs }: { pauseMs: number; limitMs: number }): Promise<void> {
    const endsAt = performance.now() + limitMs;
    this.socket.setNoDelay(true);
    for (let i = 0; i < data.length && performance.now() < endsAt && !this.#isClosed; i++) {
      this.write(data.subarray(i, i + 1));
      await sleep(pauseMs);
    }
  }

  /** Breaks the connection without a farewell. */
  destroy(): void {
    this.socket.destroy();
  }
}

/** A request as bytes. */
export function rawPost(path: string, body: unknown, headers: Record<string, string> = {}): string {
  const text = JSON.stringify(body);
  const lines = Object.entries({
    host: '127.0.0.1',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`;
}
