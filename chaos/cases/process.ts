import { openSync } from 'node:fs';
import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import { Client, type StreamEnd } from '../support/client.ts';
import { readMetricsText, sumOf } from '../support/metrics.ts';
import { environmentOf, isAlive, treeOf } from '../support/proc.ts';
import type { LaunchOptions, ServiceUnderTest } from '../support/service.ts';
import { sleep, until } from '../support/until.ts';

/** The service as a process: its log, its signals, its children. */

const CHAT = { messages: [{ role: 'user', content: 'hello' }], max_tokens: 2 };
const LONG = { prompt: 'Once upon a time', max_tokens: 480, ignore_eos: true };
const LEAST_ROUNDS = 5;
const MOST_ROUNDS = 100;
const END_LIMIT_MS = 15_000;

const numLostLines = async (scene: Scene): Promise<number> =>
  sumOf((await readMetricsText(scene.client())) ?? '', 'tokenflare_log_lines_lost_total');

/** So many log lines that some are lost: more than a pipe and the service's own buffer hold. */
async function fillLog(scene: Scene): Promise<void> {
  const client = scene.client();
  let lost = 0;
  for (let round = 0; round < MOST_ROUNDS && (lost === 0 || round < LEAST_ROUNDS); round++) {
    const answers = await times(100, () => client.get(`/${'x'.repeat(2000)}`, { limitMs: 10_000 }));
    expectStatus(scene, answers, [404], 'a request whose log line is lost');
    lost = await numLostLines(scene);
  }
  scene.expect(lost > 0, '/metrics counts no lost log lines');
  scene.notes.push(`${lost} lines lost`);
}

async function endsOnSigterm(scene: Scene): Promise<void> {
  const status = await scene.service.end('SIGTERM', END_LIMIT_MS);
  scene.expect(
    status === 0,
    `SIGTERM: ${status === undefined ? 'still there after 15 s' : `exit status ${status}`}`,
  );
}

/** Streams of which each has had a token. */
async function streamsOf(service: ServiceUnderTest, count: number): Promise<Promise<StreamEnd>[]> {
  const client = new Client(service.url);
  const started = new Set<number>();
  const streams = Array.from({ length: count }, (_, index) =>
    client.stream('/v1/completions', LONG, { onText: () => void started.add(index) }),
  );
  await until(() => started.size === count, 20_000, 5);
  return streams;
}

/** Ends a service by a signal and looks that nothing of it is left. */
async function expectEnd(
  scene: Scene,
  service: ServiceUnderTest,
  what: string,
  signal: NodeJS.Signals,
  expected: readonly unknown[],
): Promise<void> {
  const tree = treeOf(service.pid);
  const status = await service.end(signal, END_LIMIT_MS);
  scene.expect(
    expected.includes(status),
    `${what}: ${status === undefined ? 'no end in 15 s' : `exit status ${status}`}`,
  );
  const isGone = await until(() => !tree.some(isAlive), 5000);
  scene.expect(isGone, `${what}: ${tree.filter(isAlive).length} processes are left`);
}

async function sighup(scene: Scene): Promise<void> {
  const service = await scene.launch({});
  const streams = await streamsOf(service, 8);
  await expectEnd(scene, service, 'SIGHUP with 8 streams', 'SIGHUP', [0]);
  const ends = await Promise.all(streams);
  const numWhole = ends.filter(({ isWhole }) => isWhole).length;
  scene.expect(numWhole === 8, `SIGHUP: ${numWhole} of 8 streams are whole`);
}

type Phase = [what: string, run: (scene: Scene) => Promise<void>];

const QUICK: LaunchOptions = { settings: { SHUTDOWN_TIMEOUT: '1' } };

const PHASES: readonly Phase[] = [
  ...[0, 60, 150, 300].map((afterMs): Phase => [
    `SIGTERM ${afterMs} ms after the start`,
    async (scene) => {
      const service = scene.spawn(QUICK);
      await sleep(afterMs);
      // Before there is a handler the signal itself ends it.
      await expectEnd(scene, service, `${afterMs} ms after the start`, 'SIGTERM', [0, 'SIGTERM']);
    },
  ]),
  ['idle', async (scene) => expectEnd(scene, await scene.launch(QUICK), 'idle', 'SIGTERM', [0])],
  [
    'with 16 streams',
    async (scene) => {
      const service = await scene.launch(QUICK);
      const streams = await streamsOf(service, 16);
      await expectEnd(scene, service, 'with 16 streams', 'SIGTERM', [0]);
      const ends = await Promise.all(streams);
      scene.expect(
        ends.every(({ isWhole, errorCode }) => isWhole || errorCode !== undefined),
        'with 16 streams: a stream was cut without an error frame',
      );
    },
  ],
  [
    'a second SIGTERM while it drains',
    async (scene) => {
      const service = await scene.launch({ settings: { SHUTDOWN_TIMEOUT: '60' } });
      const streams = await streamsOf(service, 32);
      process.kill(service.pid, 'SIGTERM');
      await sleep(100);
      await expectEnd(scene, service, 'a second SIGTERM', 'SIGTERM', [1]);
      await Promise.all(streams);
    },
  ],
  [
    'with a stopped engine',
    async (scene) => {
      const service = await scene.launch(QUICK);
      for (const pid of service.enginePids()) process.kill(pid, 'SIGSTOP');
      await expectEnd(scene, service, 'with a stopped engine', 'SIGTERM', [0]);
    },
  ],
  [
    'with a stopped text worker and a chat at it',
    async (scene) => {
      const service = await scene.launch(QUICK);
      const client = new Client(service.url);
      await client.post('/v1/chat/completions', CHAT);
      for (const pid of service.textWorkerPids()) process.kill(pid, 'SIGSTOP');
      const chat = client.post('/v1/chat/completions', CHAT, { limitMs: 20_000 });
      await sleep(100);
      await expectEnd(scene, service, 'with a stopped text worker', 'SIGTERM', [0]);
      await chat;
    },
  ],
];

async function sigterm(scene: Scene): Promise<void> {
  // Nothing is timed here: the phases may share the machine.
  for (let at = 0; at < PHASES.length; at += 3) {
    await Promise.all(PHASES.slice(at, at + 3).map(([, run]) => run(scene)));
  }
  scene.notes.push(PHASES.map(([what]) => what).join(', '));
}

async function orphans(scene: Scene): Promise<void> {
  const kill = async (what: string, prepare: (service: ServiceUnderTest) => unknown): Promise<void> => {
    const service = await scene.launch({});
    await new Client(service.url).post('/v1/chat/completions', CHAT);
    const tree = treeOf(service.pid);
    await prepare(service);
    process.kill(service.pid, 'SIGKILL');
    const isGone = await until(() => !tree.some(isAlive), 10_000);
    scene.expect(isGone, `${what}: ${tree.filter(isAlive).length} processes outlive the service`);
    for (const pid of tree.filter(isAlive)) process.kill(pid, 'SIGKILL');
  };
  const stop = (pids: number[]): void => {
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
  };
  await Promise.all([
    kill('idle', () => undefined),
    kill('with a stopped engine', (service) => stop(service.enginePids())),
    kill('with a stopped text worker', (service) => stop(service.textWorkerPids())),
  ]);
  await kill('in the middle of streams', async (service) => (await streamsOf(service, 8)).length);
}

async function environment(scene: Scene): Promise<void> {
  const secrets = {
    HF_TOKEN: 'hf_chaos_secret',
    AWS_SECRET_ACCESS_KEY: 'chaos_secret',
    API_KEY: 'chaos_secret',
  };
  const service = await scene.launch({ settings: secrets });
  await new Client(service.url).post('/v1/chat/completions', CHAT);
  const [, ...children] = treeOf(service.pid);
  const told = children.flatMap(environmentOf).filter((entry) => entry.includes('chaos_secret'));
  scene.expect(told.length === 0, `children are told ${told.map((entry) => entry.split('=')[0]).join(', ')}`);
}

export const PROCESS_CASES: readonly ChaosCase[] = [
  {
    name: 'log-full',
    shows: ['log'],
    attack: 'the log goes to a full device',
    launch: () => ({ stdout: openSync('/dev/full', 'w') }),
    run: fillLog,
    finish: endsOnSigterm,
  },
  {
    name: 'log-stalled',
    shows: ['log'],
    attack: 'the pipe that the log goes to is not read',
    launch: () => ({ stdout: 'pipe' }),
    run: fillLog,
    finish: endsOnSigterm,
  },
  {
    name: 'log-closed',
    shows: ['log'],
    attack: 'the pipe that the log goes to is closed',
    launch: () => ({ stdout: 'pipe' }),
    run: async (scene) => {
      scene.service.child.stdout?.destroy();
      await fillLog(scene);
    },
    finish: endsOnSigterm,
  },
  { name: 'sighup', shows: ['process'], attack: 'SIGHUP under 8 streams', ownServices: true, run: sighup },
  { name: 'sigterm', shows: ['process'], attack: 'SIGTERM at every phase', ownServices: true, run: sigterm },
  {
    name: 'orphans',
    shows: ['process'],
    attack: 'SIGKILL to the service, its children running or stopped',
    ownServices: true,
    run: orphans,
  },
  {
    name: 'environment',
    shows: ['template-code'],
    attack: 'tokens in the environment of the service',
    ownServices: true,
    run: environment,
  },
];
