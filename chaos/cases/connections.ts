import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import { Client } from '../support/client.ts';
import { readMetrics } from '../support/metrics.ts';
import { numOpenFiles } from '../support/proc.ts';
import { RawConnection, rawPost } from '../support/raw-connection.ts';
import { ServiceUnderTest } from '../support/service.ts';
import { sleep, until, within } from '../support/until.ts';

/** What a client can do to a server below HTTP's own rules, or just within them. */

async function open(
  scene: Scene,
  count: number,
  options: { reads?: boolean; allowHalfOpen?: boolean } = {},
): Promise<RawConnection[]> {
  const { port } = scene.service;
  const connections = await times(count, () => RawConnection.open(port, '127.0.0.1', options));
  return connections.filter((connection) => connection !== undefined);
}

const closeAll = (connections: readonly RawConnection[]): void => {
  for (const connection of connections) connection.destroy();
};

/** A chunked body of one-byte chunks, a MiB of it; it is written as fast as it is taken. */
async function oneByteChunks(scene: Scene): Promise<void> {
  const connections = await open(scene, 40);
  const chunks = Buffer.from('1\r\na\r\n'.repeat(10_000));
  const head =
    'POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n' +
    'transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n"\r\n';
  const endsAt = performance.now() + 6000;
  await Promise.all(
    connections.map(async (connection) => {
      connection.write(head);
      for (let sent = 0; sent < 100 && performance.now() < endsAt && !connection.isClosed; sent++) {
        const isTaken = new Promise<void>((resolve) => connection.socket.write(chunks, () => resolve()));
        await within(Promise.race([isTaken, connection.closed]), endsAt - performance.now());
      }
    }),
  );
  closeAll(connections);
}

async function slowReaders(scene: Scene): Promise<void> {
  const connections = await open(scene, 12, { reads: false });
  const body = { prompt: 'Once', max_tokens: 400, n: 2, logprobs: 5, ignore_eos: true, stream: true };
  for (const connection of connections) connection.write(rawPost('/v1/completions', body));
  for (let second = 0; second < scene.scaled(3); second++) {
    for (const { socket } of connections) socket.read(1);
    await sleep(1000);
  }
  closeAll(connections);
}

async function slowHeaders(scene: Scene): Promise<void> {
  const connections = await open(scene, 300);
  const head = Buffer.from(
    `POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nx-padding: ${'a'.repeat(200)}`,
  );
  await trickleUntilCut(scene, connections, head);
}

async function slowBodies(scene: Scene): Promise<void> {
  const connections = await open(scene, 300);
  const text = rawPost('/v1/completions', { prompt: 'a'.repeat(200) });
  const bodyAt = text.indexOf('\r\n\r\n') + 4;
  for (const connection of connections) connection.write(text.slice(0, bodyAt));
  await trickleUntilCut(scene, connections, Buffer.from(text.slice(bodyAt)));
}

/** A service takes 1,024 connections, of which one is the canary's and one that of the polls. */
const MAX_SHORT_BODIES = 1000;

async function shortBodies(scene: Scene): Promise<void> {
  const connections = await open(scene, Math.min(scene.scaled(800), MAX_SHORT_BODIES));
  const request = rawPost('/v1/completions', { prompt: 'a'.repeat(1_000_000), max_tokens: 1 });
  const bytes = Buffer.from(request.slice(0, -1));
  await Promise.all(
    connections.map((connection) => {
      const isTaken = new Promise<void>((resolve) => connection.socket.write(bytes, () => resolve()));
      return within(Promise.race([isTaken, connection.closed]), 10_000);
    }),
  );
  await sleep(1000);
  scene.notes.push(`${connections.filter(({ isClosed }) => !isClosed).length} held`);
  closeAll(connections);
}

/** Each sends a byte every 200 ms; RECEIVE_TIMEOUT of 2 s must end them. */
async function trickleUntilCut(
  scene: Scene,
  connections: readonly RawConnection[],
  bytes: Buffer,
): Promise<void> {
  await Promise.all(
    connections.map((connection) => connection.trickle(bytes, { pauseMs: 200, limitMs: 9000 })),
  );
  const numLeft = connections.filter(({ isClosed }) => !isClosed).length;
  closeAll(connections);
  scene.expect(numLeft === 0, `${numLeft} of ${connections.length} slow connections were not cut in 9 s`);
}

/** What connections have sent that hold no request. */
const SILENT = ['', 'GET /hea', 'GET /health HTTP/1.1\r\nhost: localhost\r\nx-half'];
const MAX_SILENT = 1000;
/** Far above what an end without answers takes, and far below SHUTDOWN_TIMEOUT. */
const END_MS = 2500;

/** Another client is answered beside them, and SIGTERM ends the service at once. */
async function silentConnections(scene: Scene): Promise<void> {
  const service = await ServiceUnderTest.launch();
  try {
    const opened = await times(MAX_SILENT, () => RawConnection.open(service.port));
    const connections = opened.filter((connection) => connection !== undefined);
    for (const [index, connection] of connections.entries())
      connection.write(SILENT[index % SILENT.length] ?? '');
    const innocent = new Client(service.url, '127.0.0.3');
    const answers = await times(20, () =>
      innocent.post('/v1/completions', { prompt: 'a', max_tokens: 8 }, { limitMs: 30_000 }),
    );
    expectStatus(scene, answers, [200], "another client's requests");
    const startedAt = performance.now();
    service.child.kill('SIGTERM');
    await service.exited;
    const tookMs = Math.round(performance.now() - startedAt);
    scene.notes.push(`ended after ${tookMs} ms beside ${connections.length} connections`);
    scene.expect(tookMs <= END_MS, `it took ${tookMs} ms to end`);
    closeAll(connections);
  } finally {
    await service.stop();
  }
}

async function pipelined(scene: Scene): Promise<void> {
  const observer = scene.client('127.0.0.2');
  const [connection] = await open(scene, 1);
  const body = { prompt: 'a', max_tokens: 480, ignore_eos: true, stream: true };
  connection?.write(rawPost('/v1/completions', body).repeat(300));
  await sleep(600);
  connection?.destroy();
  const startedAt = performance.now();
  // The canary may run.
  const isGone = await until(async () => {
    const metrics = await readMetrics(observer);
    return metrics !== undefined && metrics.running <= 1 && metrics.waiting === 0;
  }, 20_000);
  const seconds = (performance.now() - startedAt) / 1000;
  scene.notes.push(`gone after ${seconds.toFixed(1)} s`);
  scene.expect(
    isGone && seconds < 3,
    `pipelined streams were gone ${seconds.toFixed(1)} s after the hang-up`,
  );
}

async function halfClosed(scene: Scene): Promise<void> {
  const body = { prompt: 'Once', max_tokens: 60, ignore_eos: true };
  for (const stream of [false, true]) {
    const [connection] = await open(scene, 1, { allowHalfOpen: true });
    connection?.write(rawPost('/v1/completions', { ...body, stream }, { connection: 'close' }));
    await sleep(20);
    connection?.socket.end();
    await within(connection?.closed ?? Promise.resolve(), 10_000);
    const text = connection?.text ?? '';
    const expected = stream ? 'data: [DONE]' : '"finish_reason":"length"';
    scene.expect(text.includes(expected), `a half-closed client got ${text.length} bytes, stream: ${stream}`);
    connection?.destroy();
  }
}

async function unreadAnswers(scene: Scene): Promise<void> {
  const filesBefore = numOpenFiles(scene.service.pid);
  const connections = await open(scene, 24, { reads: false });
  const request = rawPost('/detokenize', { tokens: new Array<number>(480_000).fill(7) });
  for (const connection of connections) connection.write(request + request);
  await sleep(1000);
  const isCut = await until(() => numOpenFiles(scene.service.pid) <= filesBefore + 8, 20_000, 200);
  scene.expect(
    isCut,
    `${numOpenFiles(scene.service.pid) - filesBefore} connections are open with STALL_TIMEOUT=2`,
  );
  closeAll(connections);
}

async function unreadStreams(scene: Scene): Promise<void> {
  const connections = await open(scene, 3, { reads: false });
  // Some 6 MB each: more than the system's own buffers take.
  const body = { prompt: 'Once', max_tokens: 500, n: 8, logprobs: 20, ignore_eos: true, stream: true };
  for (const connection of connections) connection.write(rawPost('/v1/completions', body));
  const observer = scene.client('127.0.0.2');
  await sleep(1000);
  const isGone = await until(async () => {
    const metrics = await readMetrics(observer);
    return metrics !== undefined && metrics.running <= 1 && metrics.waiting === 0;
  }, 40_000);
  scene.expect(isGone, 'streams that are not read hold seats with STALL_TIMEOUT=2');
  closeAll(connections);
}

async function tooManyConnections(scene: Scene): Promise<void> {
  const filesBefore = numOpenFiles(scene.service.pid);
  const connections = await open(scene, 200);
  await sleep(300);
  const numTaken = numOpenFiles(scene.service.pid) - filesBefore;
  scene.expect(numTaken <= 72, `${numTaken} connections are open with MAX_CONNECTIONS=64`);
  const honest = await times(10, (index) =>
    scene
      .client(`127.0.0.${10 + index}`)
      .post('/v1/completions', { prompt: 'a', max_tokens: 2 }, { limitMs: 10_000 }),
  );
  expectStatus(scene, honest, [200], 'honest clients beside 200 idle connections');
  closeAll(connections);
}

async function outOfFiles(scene: Scene): Promise<void> {
  const connections = await open(scene, 500);
  for (const connection of connections)
    connection.write('GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ');
  await sleep(2000);
  closeAll(connections);
  const honest = scene.client('127.0.0.3');
  const isBack = await until(
    async () => (await honest.get('/health', { limitMs: 2000 })).status === 200,
    15_000,
    100,
  );
  scene.expect(isBack, 'no new connection is taken after EMFILE');
}

/** Bytes that two servers may read differently, or that are no HTTP at all. */
const NONSENSE: readonly string[] = [
  'POST /v1/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nhost: a\r\n\r\n',
  'POST /v1/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!',
  'POST /v1/completions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n',
  'POST /v1/completions HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n',
  'POST /v1/completions HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
  'POST /v1/completions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n',
  'GET /health HTTP/1.1\nhost: a\n\n',
  'GET /health\r\n\r\n',
  'GET /health HTTP/1.1\r\n\r\n',
  'GET /health HTTP/1.1\r\nhost: a\r\nx: \u0000\r\n\r\n',
  'GET  /health HTTP/1.1\r\nhost: a\r\n\r\n',
  `GET /health HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(10_000)}\r\n`,
  `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: a\r\n\r\n`,
  'CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: a\r\n\r\n',
  'GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  '\u0000'.repeat(1000),
];

async function nonsense(scene: Scene): Promise<void> {
  for (const bytes of NONSENSE) {
    const [connection] = await open(scene, 1);
    connection?.write(Buffer.from(bytes, 'latin1'));
    await within(connection?.closed ?? Promise.resolve(), 300);
    const numAnswers = connection?.text.match(/HTTP\/1\.1 \d/g)?.length ?? 0;
    scene.expect(numAnswers <= 1, `${JSON.stringify(bytes.slice(0, 80))} has ${numAnswers} answers`);
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(connection?.text ?? '')?.[1] ?? 0);
    scene.expect(
      status < 500 || status === 505,
      `${JSON.stringify(bytes.slice(0, 80))} is answered ${status}`,
    );
    connection?.destroy();
  }
}

const STALL = () => ({ settings: { STALL_TIMEOUT: '2' } });
const RECEIVE = () => ({ settings: { RECEIVE_TIMEOUT: '2' } });

export const CONNECTION_CASES: readonly ChaosCase[] = [
  {
    name: 'one-byte-chunks',
    shows: ['thread-blocked'],
    attack: 'bodies of 1 MiB in chunks of a byte on 40 connections',
    run: oneByteChunks,
  },
  {
    name: 'slow-readers',
    shows: ['consumption'],
    attack: '12 streams read at a byte a second',
    run: slowReaders,
  },
  {
    name: 'slow-headers',
    shows: ['consumption'],
    attack: '300 connections that send headers at 5 bytes a second, RECEIVE_TIMEOUT=2',
    launch: RECEIVE,
    run: slowHeaders,
  },
  {
    name: 'slow-bodies',
    shows: ['consumption'],
    attack: '300 connections that send bodies at 5 bytes a second, RECEIVE_TIMEOUT=2',
    launch: RECEIVE,
    run: slowBodies,
  },
  {
    name: 'silent-connections',
    shows: ['thread-blocked'],
    attack: '1,000 connections that send nothing, or the beginning of a request; then SIGTERM',
    ownServices: true,
    run: silentConnections,
  },
  {
    name: 'pipelined',
    shows: ['consumption'],
    attack: '300 streams on one connection, then hung up',
    run: pipelined,
  },
  {
    name: 'half-closed',
    shows: ['completions', 'consumption'],
    attack: 'clients that shut their side after the request',
    run: halfClosed,
  },
  {
    name: 'unread-answers',
    shows: ['consumption'],
    attack: '48 answers of /detokenize that are not read, STALL_TIMEOUT=2',
    launch: STALL,
    run: unreadAnswers,
  },
  {
    name: 'unread-streams',
    shows: ['streams'],
    attack: '3 streams of 8 choices with 20 logprobs that are not read, STALL_TIMEOUT=2',
    launch: STALL,
    run: unreadStreams,
  },
  {
    name: 'too-many-connections',
    shows: ['consumption'],
    attack: '200 idle connections of one address, MAX_CONNECTIONS=64',
    launch: () => ({ settings: { MAX_CONNECTIONS: '64' } }),
    run: tooManyConnections,
  },
  {
    name: 'out-of-files',
    shows: ['consumption'],
    attack: '500 connections to a service with 256 open files',
    launch: () => ({ maxOpenFiles: 256 }),
    breaksConnections: true,
    run: outOfFiles,
  },
  {
    name: 'nonsense',
    shows: ['smuggling'],
    attack: `${NONSENSE.length} requests that are no HTTP, or two in one`,
    run: nonsense,
  },
  {
    name: 'short-bodies',
    shows: ['thread-blocked'],
    attack: '800 bodies of 1 MB that are held one byte short',
    isFirst: true,
    run: shortBodies,
  },
];
