import type { RequestListener } from 'node:http';
import type { BlockList, Socket } from 'node:net';
import { Connection } from './connection.ts';
import { isTrusted, networkOf, plainAddress } from './client-address.ts';
import { ReadTurns } from './read-turns.ts';

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
  readonly #turns = new ReadTurns();
  readonly #maxConnections: number;
  readonly #trustedProxies: BlockList;

  constructor(maxConnections: number, trustedProxies: BlockList) {
    this.#maxConnections = maxConnections;
    this.#trustedProxies = trustedProxies;
  }

  of(socket: Socket): Connection | undefined {
    return this.#bySocket.get(socket);
  }

  /** Takes a connection up, or closes it. */
  open(socket: Socket, listener: RequestListener): void {
    this.#turns.accepted();
    // Of a peer that is gone already there is none.
    const address = plainAddress(socket.remoteAddress ?? '');
    const isProxy = isTrusted(address, this.#trustedProxies);
    // An empty name is not a network's.
    const network = isProxy ? '' : networkOf(address);
    if (this.#bySocket.size >= this.#maxConnections && !this.#makeRoom(network)) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, network, listener, this.#turns);
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
