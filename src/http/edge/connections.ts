import type { RequestListener, IncomingMessage, ServerResponse } from 'node:http';
import type { BlockList, Socket } from 'node:net';
import { countAccepted } from '../../fairness/accept-turns.ts';
import { isTrusted, networkOf, plainAddress } from './client-address.ts';
import { ReadQueue } from './read-queue.ts';
import { readInPieces } from './read-in-pieces.ts';

/** Requests that one connection may have open: one that is being answered, and those that were sent behind it. */
export const MAX_OPEN_REQUESTS = 16;

/** What an answer whose headers are out is told when the client is to be asked whether it is there. */
export const PROBE_EVENT = 'probe';
/** A client that is gone is found by the second write to it; one that is there is asked ever less often. */
const FIRST_PROBE_MS = 50;
const MAX_PROBE_MS = 15_000;
/** How often while only that tells. */
const BLIND_PROBE_MS = 300;
/** At the end of the service a request that the system has, and this process has not read yet, gets this long. */
const UNREAD_GRACE_MS = 100;
/** At the end of the service a request whose headers have begun gets this long to become whole. */
const HEADERS_GRACE_MS = 500;

/**
 * One connection of a client. HTTP/1.1 answers in the order of the requests, so they are taken up one after the other:
 * those that are pipelined hold neither a seat nor a slot in the queue, and nothing of them is left when the client
 * hangs up. One that sends more of them than MAX_OPEN_REQUESTS is cut off.
 *
 * A client that has sent all it will send may shut its half of the connection and still read. On the wire that looks
 * like one that is gone, until something is sent to it: the system of one that is gone refuses it. So an interim
 * response (RFC 9110, 15.2), or a comment on a stream, is sent to find out.
 */
class Connection {
  readonly socket: Socket;
  readonly network: string;
  readonly #listener: RequestListener;
  readonly #waiting: { incoming: IncomingMessage; outgoing: ServerResponse }[] = [];
  #current: ServerResponse | undefined;
  #isHalfClosed = false;
  #isLeaving = false;
  #isEnding = false;
  /** Of its socket, when it last became idle. */
  #bytesWhenIdle = 0;
  #numProbes = 0;
  #probeTimer: NodeJS.Timeout | undefined;

  /** @param network of the peer, as networkOf has it */
  constructor(socket: Socket, network: string, listener: RequestListener, queue: ReadQueue) {
    this.socket = socket;
    this.network = network;
    this.#listener = listener;
    readInPieces(socket, network, queue, () => {
      this.#isHalfClosed = true;
      this.#probe();
    });
    socket.once('close', () => clearTimeout(this.#probeTimer));
  }

  /** No request is being answered. */
  get isIdle(): boolean {
    return this.#current === undefined;
  }

  handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    // Closed, or about to be, once the answer before is out: Node goes on with what it has read.
    if (!this.socket.writable) return;
    if (this.#current === undefined) this.#answer(incoming, outgoing);
    else if (this.#waiting.length + 1 < MAX_OPEN_REQUESTS) {
      this.#waiting.push({ incoming, outgoing });
      this.#probeTimer ??= setTimeout(() => this.#probe(), BLIND_PROBE_MS).unref();
    } else this.socket.destroy();
  }

  /** The service takes no more of it: the last answer tells the client to open another connection. */
  leave(): void {
    this.#isLeaving = true;
    this.#tellOfEnd();
  }

  /** The service ends: what is being answered is answered, and a request that is on its way has a moment to come. */
  end(): void {
    this.#isEnding = true;
    this.leave();
    if (!this.isIdle) return;
    const hasBegun = this.socket.bytesRead > this.#bytesWhenIdle;
    setTimeout(
      () => {
        if (this.isIdle) this.socket.destroy();
      },
      hasBegun ? HEADERS_GRACE_MS : UNREAD_GRACE_MS,
    );
  }

  #tellOfEnd(): void {
    if (!this.#isLeaving || this.#current === undefined || this.#waiting.length > 0) return;
    // Node writes `connection: close` then, and closes behind the answer. Of headers that are out it changes nothing.
    this.#current.shouldKeepAlive = false;
  }

  #answer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.#current = outgoing;
    this.#tellOfEnd();
    guardChunks(incoming);
    outgoing.once('close', () => {
      this.#current = undefined;
      this.#bytesWhenIdle = this.socket.bytesRead;
      const next = this.#waiting.shift();
      if (next !== undefined && this.socket.writable) this.#answer(next.incoming, next.outgoing);
      // The headers of this answer may have said that the connection stays.
      else if (this.#isEnding) this.socket.destroySoon();
    });
    this.#listener(incoming, outgoing);
  }

  /** Nothing was written, nor read, for the time that the socket was given. */
  onTimeout(): void {
    // Idle, or a reader that takes nothing; else its answer is still being computed.
    if (this.isIdle || this.socket.writableLength > 0) this.socket.destroy();
    else this.socket.setTimeout(this.socket.timeout ?? 0);
  }

  /** Asks whether the client is there, and again after a while, as long as only that tells. */
  #probe(): void {
    clearTimeout(this.#probeTimer);
    this.#probeTimer = undefined;
    if (this.#current === undefined || this.socket.destroyed) return;
    let delayMs = BLIND_PROBE_MS;
    if (this.#isHalfClosed) {
      this.#write(this.#current);
      delayMs = Math.min(FIRST_PROBE_MS * 4 ** this.#numProbes++, MAX_PROBE_MS);
    } else if (this.#isReadingStopped) this.#write(this.#current);
    else if (this.#waiting.length === 0) return;
    this.#probeTimer = setTimeout(() => this.#probe(), delayMs).unref();
  }

  /** While a body waits unread, Node reads no further, and so does not see the client hang up. */
  get #isReadingStopped(): boolean {
    const last = this.#waiting.at(-1)?.incoming;
    return last !== undefined && last.readableLength >= last.readableHighWaterMark;
  }

  #write(outgoing: ServerResponse): void {
    if (!outgoing.headersSent) {
      // HTTP/1.0 knows no interim response.
      if (outgoing.req.httpVersion === '1.0') this.socket.destroy();
      else outgoing.writeProcessing();
    } else outgoing.emit(PROBE_EVENT);
    // Where no stream listens the rest of the answer is on its way, which tells as well.
  }
}

/** As many chunks may be of any size. */
const FREE_CHUNKS = 8192;
/** Bytes that chunks beyond those have at least, on average. */
const MIN_MEAN_BYTES = 32;

/** Whether so many chunks for so few bytes are an attack: each costs the thread as much as a kilobyte. */
export const isTooFragmented = (numChunks: number, numBytes: number): boolean =>
  numChunks > FREE_CHUNKS + numBytes / MIN_MEAN_BYTES;

/**
 * Closes a connection whose body comes in very small chunks. Node's parser makes a call for each chunk, so that a body
 * within BODY_LIMIT could take a second of the thread.
 */
function guardChunks(incoming: IncomingMessage): void {
  if (incoming.headers['transfer-encoding'] === undefined) return;
  let numChunks = 0;
  let numBytes = 0;
  const push = incoming.push.bind(incoming);
  incoming.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null) return push(null);
    numBytes += chunk.length;
    if (!isTooFragmented(++numChunks, numBytes)) return push(chunk, encoding);
    // What is left of the piece still comes, and is not looked at.
    if (!incoming.destroyed) incoming.destroy();
    return false;
  };
}

/**
 * Which network gives a connection up for a newcomer when there may be no more: the one that has most, if it has more
 * than the newcomer's would have; undefined: none does. Its own may still give up an idle one.
 */
export function networkToCut(
  numConnections: ReadonlyMap<string, number>,
  newcomer: string,
): string | undefined {
  let greediest: string | undefined;
  let most = (numConnections.get(newcomer) ?? 0) + 1;
  for (const [network, count] of numConnections) {
    if (count <= most) continue;
    greediest = network;
    most = count;
  }
  return greediest;
}

/**
 * The connections that there are, bounded in number and shared by network: a client that holds all of them open loses
 * one when another comes, and an idle one when it opens one more itself. Trusted proxies speak for many: theirs are never
 * cut for others.
 */
export class Connections {
  readonly #bySocket = new Map<Socket, Connection>();
  readonly #byNetwork = new Map<string, Set<Connection>>();
  readonly #queue = new ReadQueue();
  #isLeaving = false;
  #isEnding = false;
  readonly #maxConnections: number;
  readonly #trustedProxies: BlockList;

  constructor(maxConnections: number, trustedProxies: BlockList) {
    this.#maxConnections = maxConnections;
    this.#trustedProxies = trustedProxies;
  }

  /** From now on, each connection ends with the answer that is its last. */
  leave(): void {
    this.#isLeaving = true;
    for (const connection of this.#bySocket.values()) connection.leave();
  }

  /** Closes each connection: one without a request almost at once, another behind its answer. */
  end(): void {
    this.#isEnding = true;
    for (const connection of this.#bySocket.values()) connection.end();
  }

  of(socket: Socket): Connection | undefined {
    return this.#bySocket.get(socket);
  }

  /** Takes a connection up, or closes it. */
  open(socket: Socket, listener: RequestListener): void {
    countAccepted();
    // Of a peer that is gone already there is none.
    const address = plainAddress(socket.remoteAddress ?? '');
    const isProxy = isTrusted(address, this.#trustedProxies);
    // An empty name is not a network's.
    const network = isProxy ? '' : networkOf(address);
    if (this.#bySocket.size >= this.#maxConnections && !this.#makeRoom(network)) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, network, listener, this.#queue);
    if (this.#isEnding) connection.end();
    else if (this.#isLeaving) connection.leave();
    this.#bySocket.set(socket, connection);
    const others = this.#byNetwork.get(network);
    if (others === undefined) this.#byNetwork.set(network, new Set([connection]));
    else others.add(connection);
    socket.once('close', () => this.#forget(connection));
  }

  #makeRoom(newcomer: string): boolean {
    const counts = [...this.#byNetwork].map(([network, { size }]) => [network, size] as const);
    const network = networkToCut(new Map(counts.filter(([one]) => one !== '')), newcomer);
    const connections = [...(this.#byNetwork.get(network ?? newcomer) ?? [])];
    // The oldest that waits for nothing, else the one that has had the least time.
    const cut =
      connections.find(({ isIdle }) => isIdle) ?? (network === undefined ? undefined : connections.at(-1));
    if (cut === undefined) return false;
    cut.socket.destroy();
    // 'close' comes later.
    this.#forget(cut);
    return true;
  }

  #forget(connection: Connection): void {
    if (this.#bySocket.get(connection.socket) !== connection) return;
    this.#bySocket.delete(connection.socket);
    const others = this.#byNetwork.get(connection.network);
    others?.delete(connection);
    if (others?.size === 0) this.#byNetwork.delete(connection.network);
  }
}
