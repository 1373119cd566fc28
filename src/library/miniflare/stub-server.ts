import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { runStub, type Stubs } from './run-stub.ts';

/** Where stubs run, and what must be sent to run them: a page in a browser can reach loopback, too. */
export interface StubServer {
  readonly url: string;
  readonly key: string;
}

/** By their stubs: what reloads keeps its server. */
const servers = new Map<string, Promise<StubServer>>();

/** A server of this process, in which stubs run as modules of Node. Nothing of it keeps the process. */
export function stubServerOf(stubs: Stubs): Promise<StubServer> {
  const name = JSON.stringify(stubs);
  const known = servers.get(name) ?? start(stubs);
  servers.set(name, known);
  return known;
}

const KEY_HEADER = 'x-stub-key';

async function start(stubs: Stubs): Promise<StubServer> {
  const key = randomUUID();
  const listener = getRequestListener((request) =>
    isSame(request.headers.get(KEY_HEADER) ?? '', key)
      ? runStub(request, stubs)
      : new Response('the key of the stubs is missing', { status: 403 }),
  );
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  server.on('connection', (socket) => socket.unref());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key };
}

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
