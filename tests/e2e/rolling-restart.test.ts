import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import { urlOf, useServices, type ServiceProcess } from '../support/process.ts';
import { ENVOY, freePorts, HAPROXY, NGINX, type Proxy, type ProxyPorts } from '../support/proxies.ts';
import { until } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

/** Two replicas behind a proxy with the configuration of docker/, restarted and killed while clients ask. */

const start = useServices();
const proxies: ChildProcess[] = [];
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.kill('SIGKILL');
});

const REPLICAS = ['a', 'b'] as const;
type Replica = (typeof REPLICAS)[number];

interface Pair {
  readonly ports: ProxyPorts;
  /** Of the proxy. */
  readonly url: string;
  readonly replicas: Record<Replica, ServiceProcess>;
  /** Ends a replica by SIGTERM, starts it again, and waits until the proxy sends requests to it. */
  readonly restart: (replica: Replica) => Promise<void>;
  readonly replicaOf: (answer: Response) => Replica | undefined;
}

async function startPair(
  proxy: Proxy,
  program: string,
  environment: Record<string, string> = {},
): Promise<Pair> {
  const ports = await freePorts();
  const url = `http://127.0.0.1:${ports.proxy}`;
  const startReplica = (replica: Replica): ServiceProcess =>
    start({ PORT: ports[replica], TRUST_PROXY: '127.0.0.1', ...environment });
  const replicas = { a: startReplica('a'), b: startReplica('b') };
  await Promise.all([urlOf(replicas.a), urlOf(replicas.b)]);
  proxies.push(proxy.start(program, ports));
  const replicaOf = ({ headers }: Response): Replica | undefined =>
    REPLICAS.find((replica) => headers.get('x-served-by')?.endsWith(proxy.nameOf(replica, ports)));
  const untilServedBy = (replica: Replica): Promise<void> =>
    until(() =>
      fetch(`${url}/health`).then(
        (answer) => replicaOf(answer) === replica,
        () => false,
      ),
    );
  for (const replica of REPLICAS) await untilServedBy(replica);
  const restart = async (replica: Replica): Promise<void> => {
    replicas[replica].child.kill('SIGTERM');
    expect(await replicas[replica].exited).toBe(0);
    replicas[replica] = startReplica(replica);
    await urlOf(replicas[replica]);
    await untilServedBy(replica);
  };
  return { ports, url, replicas, restart, replicaOf };
}

const body = { prompt: 'The river', max_tokens: 100, temperature: 0, ignore_eos: true };

/** What came of a stream: its text if it came to its end, and else what it ended with. */
async function readStream(answer: Response): Promise<string> {
  if (answer.status !== 200) return `${answer.status}: ${await answer.text()}`;
  let text = '';
  let last = '';
  for await (const data of sseData(answer)) {
    last = data;
    if (data !== '[DONE]') text += (JSON.parse(data) as CompletionBody).choices[0]?.text ?? '';
  }
  return last === '[DONE]' ? text : `ended with ${last}`;
}

/** What came of a request. */
async function ask(url: string, stream: boolean): Promise<string> {
  const answer = await postJson(`${url}/v1/completions`, { ...body, stream });
  if (stream) return readStream(answer);
  if (answer.status !== 200) return `${answer.status}: ${await answer.text()}`;
  return ((await answer.json()) as CompletionBody).choices[0]?.text ?? '';
}

/** Clients that ask again as soon as they have an answer. */
function keepAsking(clients: (() => Promise<string>)[]): {
  outcomes: string[];
  end: () => Promise<unknown>;
} {
  const outcomes: string[] = [];
  let isOver = false;
  const asking = clients.map(async (client) => {
    while (!isOver) outcomes.push(await client().catch((error: unknown) => String(error)));
  });
  const end = (): Promise<unknown> => {
    isOver = true;
    return Promise.all(asking);
  };
  return { outcomes, end };
}

let program: string | undefined;
let reason = '';

/** Before the tests of a proxy: finds it, or has them skipped. */
function usesProxy(proxy: Proxy): void {
  beforeAll(async () => {
    const found = await proxy.find();
    program = 'program' in found ? found.program : undefined;
    reason = 'reason' in found ? found.reason : '';
  }, 300_000);
}

function programOr(skip: (reason: string) => never): string {
  return program ?? skip(reason);
}

describe.each([HAPROXY, NGINX, ENVOY])('a rolling restart behind $name', (proxy) => {
  usesProxy(proxy);

  it('loses no answer', async ({ skip }) => {
    const { url, replicas, restart } = await startPair(proxy, programOr(skip));
    const whole = await ask(await urlOf(replicas.a), false);
    const { outcomes, end } = keepAsking([true, false, true, false].map((stream) => () => ask(url, stream)));
    for (const replica of REPLICAS) {
      const numBefore = outcomes.length;
      await until(() => outcomes.length > numBefore + 4);
      await restart(replica);
    }
    await end();
    expect(outcomes.length).toBeGreaterThan(10);
    expect(outcomes.filter((outcome) => outcome !== whole)).toEqual([]);
  });
});

/** Far above what an end takes, and far below SHUTDOWN_TIMEOUT. */
const END_MS = 5000;

describe.each([HAPROXY, NGINX, ENVOY])('the end of a replica behind $name', (proxy) => {
  usesProxy(proxy);

  it('comes at once where nothing runs, whatever connections the proxy keeps', async ({ skip }) => {
    const { url, replicas } = await startPair(proxy, programOr(skip));
    await Promise.all(Array.from({ length: 16 }, () => ask(url, false)));
    const startedAt = performance.now();
    replicas.a.child.kill('SIGTERM');
    expect(await replicas.a.exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(END_MS);
  });

  it('comes with its last answer, and each answer is whole', async ({ skip }) => {
    // Slow, so that none ends before.
    const { url, replicas, replicaOf } = await startPair(proxy, programOr(skip), { RUNTIME: 'cpu' });
    const whole = await ask(await urlOf(replicas.b), false);
    let lastEndedAt = 0;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => postJson(`${url}/v1/completions`, { ...body, stream: true })),
    );
    const reading = answers.map(async (answer) => {
      const text = await readStream(answer).catch(String);
      if (replicaOf(answer) === 'a') lastEndedAt = performance.now();
      return text;
    });
    replicas.a.child.kill('SIGTERM');
    expect(await replicas.a.exited).toBe(0);
    const endedAt = performance.now();
    expect(await Promise.all(reading)).toEqual(answers.map(() => whole));
    expect(lastEndedAt).toBeGreaterThan(0);
    expect(endedAt - lastEndedAt).toBeLessThan(END_MS);
  });
});

/** nginx as it is free has neither checks nor an order to keep. */
describe.each([HAPROXY, ENVOY])('streams behind $name', (proxy) => {
  usesProxy(proxy);

  it('are whole, all of 200 in flight, half of them resumable, while both replicas are restarted', async ({
    skip,
  }) => {
    const { url, replicas, restart } = await startPair(proxy, programOr(skip), {
      ...{ DRAIN_DELAY: '5', SHUTDOWN_TIMEOUT: '120', MAX_NUM_SEQS: '8', THREADS: '1' },
    });
    const short = { ...body, max_tokens: 40, stream: true };
    const whole = await readStream(await postJson(`${await urlOf(replicas.a)}/v1/completions`, short));
    let numOpen = 0;
    const client = async (headers: Record<string, string>): Promise<string> => {
      const answer = await postJson(`${url}/v1/completions`, short, { headers });
      numOpen++;
      return readStream(answer).finally(() => numOpen--);
    };
    const plain = { 'content-type': 'application/json' };
    const resumable = { ...plain, 'x-stream-resumable': 'true' };
    const { outcomes, end } = keepAsking(
      Array.from({ length: 200 }, (_, i) => () => client(i % 2 === 0 ? plain : resumable)),
    );
    const numInFlight: number[] = [];
    for (const replica of REPLICAS) {
      await until(() => numOpen > 190);
      numInFlight.push(numOpen);
      await restart(replica);
    }
    await end();
    expect(Math.min(...numInFlight)).toBeGreaterThan(190);
    expect(outcomes.length).toBeGreaterThan(400);
    expect(outcomes.filter((outcome) => outcome !== whole)).toEqual([]);
  });

  it('fail with the replica that is killed, and no others do', async ({ skip }) => {
    // Slow, so that none ends before.
    const { url, replicas, replicaOf } = await startPair(proxy, programOr(skip), { RUNTIME: 'cpu' });
    const whole = await ask(await urlOf(replicas.b), false);
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => postJson(`${url}/v1/completions`, { ...body, stream: true })),
    );
    const reading = answers.map(async (answer) => ({
      replica: replicaOf(answer),
      isWhole: (await readStream(answer).catch(String)) === whole,
    }));
    replicas.a.child.kill('SIGKILL');
    const outcomes = await Promise.all(reading);
    for (const replica of REPLICAS) {
      const ofReplica = outcomes.filter((outcome) => outcome.replica === replica);
      expect(ofReplica.length).toBeGreaterThan(10);
      expect(ofReplica.map(({ isWhole }) => isWhole)).toEqual(ofReplica.map(() => replica === 'b'));
    }
    // New ones go on, also those that the proxy still sends to the one that is gone.
    const after = await Promise.all(Array.from({ length: 20 }, () => ask(url, true)));
    expect(after).toEqual(after.map(() => whole));
  });

  it('of one x-session-affinity have one replica, whose prefix cache has their beginning', async ({
    skip,
  }) => {
    const { url, replicas, replicaOf } = await startPair(proxy, programOr(skip));
    const numbered = (length: number): string[] => Array.from({ length }, (_, i) => `session ${i}`);
    const sessions = numbered(12);
    const askFor = async (session: string): Promise<{ replica: Replica | undefined; cachedPart: number }> => {
      const prompt = `Of ${session}: ${'the river ran. '.repeat(5)}`;
      const answer = await postJson(
        `${url}/v1/completions`,
        { prompt, max_tokens: 1 },
        { headers: { 'content-type': 'application/json', 'x-session-affinity': session } },
      );
      expect(answer.status).toBe(200);
      const { usage } = (await answer.json()) as CompletionBody;
      const cachedPart = usage.prompt_tokens_details.cached_tokens / usage.prompt_tokens;
      return { replica: replicaOf(answer), cachedPart };
    };
    const homes = new Map<string, Replica | undefined>();
    for (const session of sessions) homes.set(session, (await askFor(session)).replica);
    expect([...new Set(homes.values())].sort()).toEqual(['a', 'b']);
    for (const session of [...sessions, ...sessions.toReversed()]) {
      const { replica, cachedPart } = await askFor(session);
      expect({ session, replica }).toEqual({ session, replica: homes.get(session) });
      expect(cachedPart).toBeGreaterThan(0.5);
    }
    // Those of a replica that is gone have another; those of the other stay where they are.
    replicas.a.child.kill('SIGKILL');
    await replicas.a.exited;
    // Many: a proxy that looks only a few places further on its ring fails one in thirty.
    for (const session of numbered(100)) expect((await askFor(session)).replica).toBe('b');
  });
});
