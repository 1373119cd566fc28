import { connect, createServer, type Server, type Socket } from 'node:net';
import { EngineError } from '../errors.ts';
import { GREETING, message, READY, ZmtpReader, type Heard } from './zmtp.ts';

/** Subscribers at once; one more is turned away. */
const MAX_PEERS = 16;
const MAX_TOPICS = 64;
/** Not yet taken by a subscriber; what comes after is dropped for it. */
const MAX_UNREAD_BYTES = 8 * 2 ** 20;
/** From the connection to READY. */
const HANDSHAKE_MS = 5000;
const RECONNECT_MS = 1000;

/** Where subscribers come from: they connect to it, or it is the one that is connected to. */
export interface SocketEndpoint {
  readonly mode: 'listen' | 'connect';
  readonly host: string;
  readonly port: number;
}

interface Peer {
  readonly socket: Socket;
  readonly topics: Buffer[];
  isReady: boolean;
}

/**
 * A PUB socket of ZeroMQ over TCP. It waits for no subscriber: one that reads too slowly, or that is not there, gets
 * nothing of what is sent meanwhile.
 */
export class PublisherSocket {
  readonly #endpoint: SocketEndpoint;
  readonly #peers = new Set<Peer>();
  #server: Server | undefined;
  #reconnect: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(endpoint: SocketEndpoint) {
    this.#endpoint = endpoint;
  }

  /**
   * Listens, or begins to connect: again and again, until the other side is there.
   * @returns the port that it listens on
   * @throws EngineError `config_invalid` when it cannot listen
   */
  async open(): Promise<number> {
    const { mode, host, port } = this.#endpoint;
    if (mode === 'connect') {
      this.#connect();
      return port;
    }
    const server = (this.#server = createServer((socket) => this.#meet(socket)));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const complaint = `cannot listen on ${host}:${port} for KV_EVENTS_ENDPOINT: ${cause.message}`;
        reject(new EngineError('config_invalid', complaint, { cause }));
      });
      server.listen({ host, port }, resolve);
    });
    // A connection that cannot be accepted is no reason to end.
    server.on('error', () => undefined);
    server.unref();
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Sends a message to those who subscribed to its first part. @returns how many it went to, and how many are too slow */
  send(parts: readonly [topic: Buffer, ...rest: Uint8Array[]]): { numSent: number; numDropped: number } {
    const [topic] = parts;
    let bytes: Buffer | undefined;
    let [numSent, numDropped] = [0, 0];
    for (const { socket, topics } of this.#peers) {
      if (!topics.some((prefix) => topic.subarray(0, prefix.length).equals(prefix))) continue;
      if (socket.writableLength > MAX_UNREAD_BYTES) {
        numDropped++;
        continue;
      }
      socket.write((bytes ??= message(parts)));
      numSent++;
    }
    return { numSent, numDropped };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#reconnect);
    this.#server?.close();
    // What is on its way to them goes out.
    for (const { socket } of this.#peers) socket.destroySoon();
  }

  #connect(): void {
    if (this.#isClosed) return;
    const { host, port } = this.#endpoint;
    const socket = connect({ host, port });
    socket.once('connect', () => this.#meet(socket));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (!this.#isClosed) this.#reconnect = setTimeout(() => this.#connect(), RECONNECT_MS).unref();
    });
    socket.unref();
  }

  #meet(socket: Socket): void {
    if (this.#peers.size >= MAX_PEERS) {
      socket.destroy();
      return;
    }
    const peer: Peer = { socket, topics: [], isReady: false };
    this.#peers.add(peer);
    const reader = new ZmtpReader();
    const handshake = setTimeout(() => {
      if (!peer.isReady) socket.destroy();
    }, HANDSHAKE_MS).unref();
    socket.on('data', (piece) => {
      for (const heard of reader.read(piece)) answer(peer, heard);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(handshake);
      this.#peers.delete(peer);
    });
    socket.setNoDelay(true);
    socket.unref();
    socket.write(GREETING);
  }
}

function answer(peer: Peer, heard: Heard): void {
  const { socket, topics } = peer;
  switch (heard.type) {
    case 'ready':
      peer.isReady = true;
      socket.write(READY);
      break;
    case 'subscribe':
      if (topics.length >= MAX_TOPICS) socket.destroy();
      // A view of the bytes that were read would hold all of them.
      else topics.push(Buffer.from(heard.topic));
      break;
    case 'unsubscribe': {
      const index = topics.findIndex((topic) => topic.equals(heard.topic));
      if (index !== -1) topics.splice(index, 1);
      break;
    }
    case 'ping':
      // One that sends and does not read is cut off, as one that speaks no ZMTP is.
      if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
      else socket.write(heard.answer);
      break;
    case 'invalid':
      socket.destroy();
      break;
  }
}
