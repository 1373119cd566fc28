import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { onTestFinished } from 'vitest';

/** A client on a bare socket, which a test can cut, stall, half close or never read. It ends with the test. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  /** The service has closed its side. */
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    for (const event of ['end', 'close']) socket.on(event, () => (this.isClosed = true));
    // Being cut off is what many of them are there for.
    socket.on('error', () => undefined);
  }

  static open(url: string, options: Partial<TcpNetConnectOpts> = {}): Promise<RawClient> {
    const port = Number(new URL(url).port);
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...options });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawClient(socket)));
      onTestFinished(() => void socket.destroy());
    });
  }

  /** Status of each final answer, in order. */
  get statuses(): number[] {
    const all = [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    return all.filter((status) => status >= 200);
  }
}

/** A POST of JSON as it goes over the wire. */
export function rawPost(path: string, body: object, headers = ''): string {
  const text = JSON.stringify(body);
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}`;
  return `${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** Of the first answer, once its headers are there. */
export const requestIdOf = ({ received }: RawClient): string =>
  /x-request-id: (\S+)/i.exec(received)?.[1] ?? '';
