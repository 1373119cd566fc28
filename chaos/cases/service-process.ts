import { fileURLToPath } from 'node:url';
import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { Client } from '../support/client.ts';
import { isAlive, treeOf } from '../support/proc.ts';
import type { ExitStatus, ServiceUnderTest } from '../support/service.ts';
import { sleep, until, within } from '../support/until.ts';

/** The service process is hung, filled and killed under load, beside a supervisor that starts it again. */

const HURT = fileURLToPath(new URL('../../tests/support/hurt-service.mjs', import.meta.url));
const SETTINGS = { NODE_OPTIONS: `--import=${HURT} --max-old-space-size=192` };
const PROMPT = 'Once upon a time in Samarkand';
const LOAD = { prompt: PROMPT, max_tokens: 400, ignore_eos: true };
const NUM_CLIENTS = 6;
/** Between two streams of a client. */
const PAUSE_MS = 20;
const READY_LIMIT_MS = 60_000;
const GONE_LIMIT_MS = 12_000;
/** For the first answer after an end; on a machine with other work, so many times what the first start took. */
const ANSWER_LIMIT_MS = 3000;
const START_FACTOR = 3;
const MOST_ROUNDS = 20;

interface Fault {
  name: string;
  signal: NodeJS.Signals;
  /** What the process may end with. */
  statuses: readonly ExitStatus[];
  /** What it says before, on standard error or in the log; undefined where it cannot. */
  dump: RegExp | undefined;
}

const HANG: Fault = {
  name: 'hang',
  signal: 'SIGUSR2',
  statuses: [70],
  dump: /"stack":\[\{"function":"endlessLoop".*"requests":\[\{"id":.*the event loop has not turned/,
};
const FILL: Fault = {
  name: 'fill',
  signal: 'SIGWINCH',
  // V8's own end of a heap that is full; or the loop stands still, since V8 does nothing but collect.
  statuses: ['SIGABRT', 70],
  dump: /"requests":\[\{"id":.*memory is short/,
};
const killedBy = (signal: NodeJS.Signals): Fault => ({
  name: signal,
  signal,
  statuses: [signal],
  dump: undefined,
});
const FAULTS = [HANG, FILL, killedBy('SIGKILL'), HANG, FILL, killedBy('SIGSEGV')];

/** Starts a service, and another one as soon as it has ended. */
class Supervisor {
  readonly #spawn: () => ServiceUnderTest;
  #service: ServiceUnderTest;
  #isClosed = false;

  constructor(spawn: () => ServiceUnderTest) {
    this.#spawn = spawn;
    this.#service = spawn();
    void this.#goOn();
  }

  get service(): ServiceUnderTest {
    return this.#service;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #goOn(): Promise<void> {
    for (;;) {
      await this.#service.exited;
      if (this.#isClosed) return;
      this.#service = this.#spawn();
    }
  }
}

/** Requests of several clients, one after the other each, whether the service is there or not. */
function load(url: string): { stop: () => Promise<void> } {
  let isStopped = false;
  const runs = Array.from({ length: NUM_CLIENTS }, async (_, index) => {
    const client = new Client(url, `127.0.1.${index + 1}`);
    while (!isStopped) {
      await client.stream('/v1/completions', LOAD, { limitMs: READY_LIMIT_MS });
      await sleep(PAUSE_MS);
    }
    client.close();
  });
  return {
    stop: async () => {
      isStopped = true;
      await Promise.all(runs);
    },
  };
}

interface Round {
  goneMs: number;
  childrenMs: number;
  answerMs: number;
}

/** Waits until a service answers; false when it does not. */
const answers = (client: Client): Promise<boolean> =>
  until(
    async () => (await client.post('/v1/completions', { prompt: 'x', max_tokens: 1 })).status === 200,
    READY_LIMIT_MS,
  );

async function round(
  scene: Scene,
  supervisor: Supervisor,
  { fault, startMs }: { fault: Fault; startMs: number },
): Promise<Round> {
  const { service } = supervisor;
  const client = new Client(service.url, '127.0.0.3');
  await until(() => service.enginePids().length > 0, READY_LIMIT_MS);
  const [, ...children] = treeOf(service.pid);
  const startedAt = performance.now();
  process.kill(service.pid, fault.signal);
  const status = await within(service.exited, GONE_LIMIT_MS);
  const endedAt = performance.now();
  scene.expect(
    status !== undefined && fault.statuses.includes(status),
    `${fault.name}: ${status === undefined ? 'no end in 12 s' : `exit status ${status}`}`,
  );
  if (status === undefined) process.kill(service.pid, 'SIGKILL');
  const areGone = await until(() => !children.some(isAlive), ANSWER_LIMIT_MS, 2);
  const childrenMs = performance.now() - endedAt;
  scene.expect(areGone, `${fault.name}: ${children.filter(isAlive).length} children are left`);
  const said = service.stderr() + service.stdout();
  scene.expect(fault.dump?.test(said) !== false, `${fault.name}: it does not say what ran`);
  scene.expect(!said.includes('Samarkand'), `${fault.name}: it says a client's text`);
  const hasAnswered = await answers(client);
  const answerMs = performance.now() - endedAt;
  client.close();
  scene.expect(
    hasAnswered && answerMs <= Math.max(ANSWER_LIMIT_MS, START_FACTOR * startMs),
    `${fault.name}: the first answer after ${answerMs.toFixed(0)} ms, the first start took ${startMs.toFixed(0)} ms`,
  );
  return { goneMs: endedAt - startedAt, childrenMs, answerMs };
}

async function run(scene: Scene): Promise<void> {
  // A port that stays the same.
  const first = await scene.launch({});
  const port = String(first.port);
  await first.stop();
  const startedAt = performance.now();
  const supervisor = new Supervisor(() => scene.spawn({ settings: { ...SETTINGS, PORT: port } }));
  await supervisor.service.ready();
  const client = new Client(supervisor.service.url);
  await answers(client);
  client.close();
  const startMs = performance.now() - startedAt;
  const { stop } = load(supervisor.service.url);
  const numRounds = Math.min(MOST_ROUNDS, scene.scaled(3));
  const rounds: Round[] = [];
  try {
    for (let index = 0; index < numRounds; index++) {
      await supervisor.service.ready();
      await sleep(300);
      const fault = FAULTS[index % FAULTS.length] ?? HANG;
      rounds.push(await round(scene, supervisor, { fault, startMs }));
    }
  } finally {
    supervisor.close();
    await Promise.all([stop(), supervisor.service.stop()]);
  }
  const most = (read: (one: Round) => number): string =>
    `${(Math.max(...rounds.map(read)) / 1000).toFixed(1)} s`;
  scene.notes.push(
    `${numRounds} rounds; gone after ${most(({ goneMs }) => goneMs)}, children after ` +
      `${most(({ childrenMs }) => childrenMs)}, a new answer after ${most(({ answerMs }) => answerMs)} at most, ` +
      `the first start ${(startMs / 1000).toFixed(1)} s`,
  );
}

export const SERVICE_PROCESS_CASES: readonly ChaosCase[] = [
  {
    name: 'service-process',
    shows: ['process', 'thread-blocked'],
    attack: 'the service hangs, its heap is filled, it is killed, under streams of 6 clients',
    ownServices: true,
    run,
  },
];
