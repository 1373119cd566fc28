import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { within } from './until.ts';

/** What came back for one request. `status` 0: nothing. */
export interface Arrival {
  status: number;
  /** When to come back, where the answer says so in all three headers. */
  retry: { afterS: number; afterMs: number } | undefined;
  ms: number;
  /** Since the loop began. */
  endedMs: number;
}

export interface OpenLoop {
  port: number;
  /** Source addresses, in turns. */
  addresses: readonly string[];
  /** The bytes of each request. */
  request: string;
  perSecond: number;
  seconds: number;
  /** After which a request without an answer is given up. */
  limitMs: number;
}

/** Each time it wakes, the engine loses a core for a moment, at any rate. */
const TICK_MS = 10;
const ASLEEP = new Int32Array(new SharedArrayBuffer(4));
/** The service closes a connection that is idle for 5 s. */
const MAX_IDLE_MS = 3000;

/**
 * Sends requests at a fixed rate, however many are answered. It shares the machine with the service, so it is as lean as
 * can be: bytes that are made once, connections that are used again, and of an answer only where it ends.
 */
export async function runOpenLoop(loop: OpenLoop): Promise<Arrival[]> {
  const { perSecond, seconds, limitMs } = loop;
  const pools = loop.addresses.map((address) => new ConnectionPool(loop.port, address));
  const bytes = Buffer.from(loop.request);
  const arrivals: Promise<Arrival>[] = [];
  const startedAt = performance.now();
  const elapsedMs = (): number => performance.now() - startedAt;
  while (elapsedMs() < seconds * 1000) {
    const due = Math.min((elapsedMs() * perSecond) / 1000, perSecond * seconds);
    while (arrivals.length < due) {
      const pool = pools[arrivals.length % pools.length];
      if (pool === undefined) break;
      const sentMs = elapsedMs();
      arrivals.push(
        pool.send(bytes).then((answer) => {
          const endedMs = elapsedMs();
          return { ...answer, ms: endedMs - sentMs, endedMs };
        }),
      );
    }
    // Sleeps outside the event loop, where no answer wakes this process: a wake-up costs the service more than a refusal.
    Atomics.wait(ASLEEP, 0, 0, TICK_MS);
    await nextTurn();
  }
  const all = Promise.all(arrivals);
  await within(all, limitMs);
  for (const pool of pools) pool.close();
  return all;
}

type Answer = Pick<Arrival, 'status' | 'retry'>;

const NO_ANSWER: Answer = { status: 0, retry: undefined };

/** @param head of an answer, in lower case */
function readHead(head: string): Answer {
  const status = Number(head.slice(9, 12));
  if (status === 200) return { status, retry: undefined };
  const afterS = valueOf(head, 'retry-after');
  const afterMs = valueOf(head, 'retry-after-ms');
  const isWhole = valueOf(head, 'x-should-retry') !== '' && afterS !== '' && afterMs !== '';
  return { status, retry: isWhole ? { afterS: Number(afterS), afterMs: Number(afterMs) } : undefined };
}

function valueOf(head: string, name: string): string {
  const at = head.indexOf(`\r\n${name}: `);
  return at === -1 ? '' : head.slice(at + name.length + 4, head.indexOf('\r\n', at + 2));
}

/** Connections of one address. */
class ConnectionPool {
  readonly #port: number;
  readonly #address: string;
  /** The one that was used last is last. */
  readonly #idle: { connection: LeanConnection; sinceMs: number }[] = [];
  readonly #all = new Set<LeanConnection>();

  constructor(port: number, address: string) {
    this.#port = port;
    this.#address = address;
  }

  async send(bytes: Buffer): Promise<Answer> {
    const connection = this.#take();
    const answer = await connection.send(bytes);
    if (connection.isClosed) this.#all.delete(connection);
    else this.#idle.push({ connection, sinceMs: performance.now() });
    return answer;
  }

  #take(): LeanConnection {
    const last = this.#idle.pop();
    if (last !== undefined) {
      if (!last.connection.isClosed && performance.now() - last.sinceMs < MAX_IDLE_MS) return last.connection;
      // Those before it are idle for longer.
      for (const { connection } of [...this.#idle.splice(0), last]) this.#drop(connection);
    }
    const connection = new LeanConnection(this.#port, this.#address);
    this.#all.add(connection);
    return connection;
  }

  #drop(connection: LeanConnection): void {
    connection.close();
    this.#all.delete(connection);
  }

  /** Requests without an answer end without one. */
  close(): void {
    for (const connection of this.#all) connection.close();
  }
}

/** One request after the other; an answer must say its length. */
class LeanConnection {
  readonly #socket: Socket;
  #text = '';
  #length: number | undefined;
  #head: Answer = NO_ANSWER;
  #onAnswer: ((answer: Answer) => void) | undefined;
  isClosed = false;

  constructor(port: number, address: string) {
    this.#socket = connect({ port, host: '127.0.0.1', localAddress: address, noDelay: true });
    this.#socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    // A reset is an end like another.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.isClosed = true;
      this.#answer(NO_ANSWER);
    });
  }

  send(bytes: Buffer): Promise<Answer> {
    return new Promise((resolve) => {
      this.#onAnswer = resolve;
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#text += bytes.toString('latin1');
    if (this.#length === undefined) {
      const end = this.#text.indexOf('\r\n\r\n');
      if (end === -1) return;
      const head = this.#text.slice(0, end + 2).toLowerCase();
      this.#head = readHead(head);
      this.#length = end + 4 + Number(valueOf(head, 'content-length') || NaN);
    }
    if (this.#text.length >= this.#length) this.#answer(this.#head);
    else if (Number.isNaN(this.#length)) this.close();
  }

  #answer(answer: Answer): void {
    this.#text = '';
    this.#length = undefined;
    this.#onAnswer?.(answer);
    this.#onAnswer = undefined;
  }
}
