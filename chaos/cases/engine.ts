import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import type { StreamEnd } from '../support/client.ts';
import { isAlive } from '../support/proc.ts';
import { sleep, until } from '../support/until.ts';

/** Faults of the engine's process. */

const LONG = { prompt: 'Once upon a time', max_tokens: 480, ignore_eos: true };
const READY_LIMIT_MS = 40_000;

/** Streams of which each has had a token. */
async function startStreams(scene: Scene, count: number): Promise<Promise<StreamEnd>[]> {
  const client = scene.client();
  let numStarted = 0;
  const streams = Array.from({ length: count }, (_, index) => {
    let hasStarted = false;
    const onText = (): void => {
      if (!hasStarted) numStarted++;
      hasStarted = true;
    };
    const headers = { 'x-request-id': `chaos-${Date.now()}-${index}` };
    return client.stream('/v1/completions', LONG, { onText, headers, limitMs: 30_000 });
  });
  await until(() => numStarted === count, 20_000, 5);
  return streams;
}

/** Each stream that was cut short was told why. */
function expectErrorFrames(scene: Scene, ends: readonly StreamEnd[]): void {
  const silent = ends.filter(({ isWhole, errorCode }) => !isWhole && errorCode === undefined);
  scene.expect(
    silent.length === 0,
    `${silent.length} of ${ends.length} streams ended without an error frame (${silent[0]?.error ?? ''})`,
  );
}

const isReady = async (scene: Scene): Promise<boolean> =>
  (await scene.client('127.0.0.4').get('/ready', { limitMs: 2000 })).status === 200;

async function stoppedEngine(scene: Scene): Promise<void> {
  const streams = await startStreams(scene, 8);
  const [engine = NaN] = scene.service.enginePids();
  const startedAt = performance.now();
  process.kill(engine, 'SIGSTOP');
  const isSeen = await until(async () => !(await isReady(scene)), 15_000);
  const seenMs = performance.now() - startedAt;
  scene.expect(isSeen, '/ready is 200 although the engine has stood still for 15 s');
  // A stopped process cannot die of its own; without a watchdog it goes on.
  if (!isSeen) process.kill(engine, 'SIGCONT');
  expectErrorFrames(scene, await Promise.all(streams));
  scene.expect(await until(() => isReady(scene), READY_LIMIT_MS), 'no new engine is ready');
  scene.expect(!isAlive(engine) || !isSeen, 'the stopped engine is still there');
  const log = scene.service.stdout();
  scene.expect(
    log.split('\n').some((line) => line.includes('chaos-') && !line.includes('"method"')),
    'the log does not name the requests that were running',
  );
  scene.expect(!log.includes(LONG.prompt), 'the log has the text of a request');
  scene.notes.push(`/ready 503 after ${(seenMs / 1000).toFixed(1)} s, STEP_TIMEOUT=2`);
}

async function killedEngine(scene: Scene): Promise<void> {
  const numKills = Math.min(scene.scaled(4), 20);
  for (let kill = 0; kill < numKills; kill++) {
    const streams = await startStreams(scene, 16);
    for (const pid of scene.service.enginePids()) process.kill(pid, 'SIGKILL');
    expectErrorFrames(scene, await Promise.all(streams));
    if (!(await until(() => isReady(scene), READY_LIMIT_MS))) {
      scene.expect(false, `no new engine is ready after death ${kill + 1}`);
      return;
    }
  }
  scene.notes.push(`${numKills} kills`);
}

async function dyingEngine(scene: Scene): Promise<void> {
  const seen = new Set<number>();
  const endsAt = performance.now() + 6000;
  while (performance.now() < endsAt) {
    const engines = (await isReady(scene)) ? scene.service.enginePids() : [];
    for (const pid of engines) {
      seen.add(pid);
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
    await sleep(20);
  }
  scene.notes.push(`${seen.size} engines in 6 s`);
  // Without a back-off there are two a second.
  scene.expect(seen.size <= 6, `${seen.size} engines were started in 6 s: there is no back-off`);
  scene.expect(await until(() => isReady(scene), READY_LIMIT_MS), 'no new engine is ready');
}

async function hugeTimeouts(scene: Scene): Promise<void> {
  const client = scene.client();
  const body = { prompt: 'a', max_tokens: 4 };
  for (const timeout_ms of [2 ** 31, 3_000_000_000, Number.MAX_SAFE_INTEGER, 1e300]) {
    const answers = [
      await client.post('/v1/completions', { ...body, timeout_ms }),
      await client.post('/v1/embeddings', { input: 'a', timeout_ms }),
    ];
    expectStatus(scene, answers, [200, 400], `timeout_ms ${timeout_ms}`);
  }
}

async function hugeRequestTimeout(scene: Scene): Promise<void> {
  const service = scene.spawn({ settings: { REQUEST_TIMEOUT: '3000000' } });
  const refusal = await service.ready().then(
    () => undefined,
    (error: unknown) => String(error),
  );
  if (refusal !== undefined) {
    scene.notes.push('refused at start');
    scene.expect(refusal.includes('REQUEST_TIMEOUT'), refusal);
    return;
  }
  scene.service = service;
  const answers = await times(4, () =>
    scene.client().post('/v1/completions', { prompt: 'a', max_tokens: 4 }),
  );
  expectStatus(scene, answers, [200], 'a request with REQUEST_TIMEOUT=3000000');
}

export const ENGINE_CASES: readonly ChaosCase[] = [
  {
    name: 'engine-stopped',
    shows: ['process', 'engine-ends'],
    attack: 'SIGSTOP to the engine under 8 streams, STEP_TIMEOUT=2',
    launch: () => ({ settings: { STEP_TIMEOUT: '2' } }),
    breaksEngine: true,
    run: stoppedEngine,
  },
  {
    name: 'engine-killed',
    shows: ['process', 'engine-ends'],
    attack: 'SIGKILL to the engine under 16 streams',
    isFirst: true,
    breaksEngine: true,
    run: killedEngine,
  },
  {
    name: 'engine-dies-again',
    shows: ['engine-ends'],
    attack: 'SIGKILL to the engine whenever it is ready, for 6 s',
    isFirst: true,
    breaksEngine: true,
    run: dyingEngine,
  },
  {
    name: 'huge-timeouts',
    shows: ['completions', 'no-bound'],
    attack: 'timeout_ms beyond what a timer holds',
    run: hugeTimeouts,
  },
  {
    name: 'huge-request-timeout',
    shows: ['completions', 'no-bound'],
    attack: 'REQUEST_TIMEOUT=3000000, 34 days',
    ownServices: true,
    run: hugeRequestTimeout,
  },
];
