import { summarise } from '../src/bench/latency-summary.ts';
import type { CaseResult } from './case-result.ts';
import type { ChaosCase } from './chaos-case.ts';
import { judge, type Watched } from './judge.ts';
import { Scene, Skip, withModel } from './scene.ts';
import { afterRepetition, readBaseline, settle, type Baseline, mebibytes } from './support/baseline.ts';
import { Client } from './support/client.ts';
import type { Fixtures } from './support/fixtures.ts';
import type { Observation, ObserverTask } from './support/observation.ts';
import type { Observer } from './support/observer.ts';
import { ServiceUnderTest } from './support/service.ts';
import { messageOf } from '../src/values.ts';

const OBSERVER_ADDRESS = '127.0.0.2';
const CANARY = {
  path: '/v1/completions',
  body: { prompt: 'Once upon a time', max_tokens: 300, temperature: 1, seed: 7, ignore_eos: true },
};
const NUM_WARM_UP_STREAMS = 8;

/** A service between two cases, and what it had when it was calm. */
export interface CalmService {
  service: ServiceUnderTest;
  before: Baseline;
  /** Its settings: cases with the same ones use it, too. `undefined`: it serves one case alone. */
  key: string | undefined;
}

export interface RunContext {
  fixtures: Fixtures;
  observer: Observer;
  scale: number;
  seed: number;
}

/** Runs one case. `shared`: the service that the case before has left as it was. */
export async function runCase(
  chaosCase: ChaosCase,
  context: RunContext,
  shared: CalmService | undefined,
): Promise<{ result: CaseResult; shared: CalmService | undefined }> {
  const scene = new Scene(context.fixtures, context);
  const startedAt = performance.now();
  let calm = shared;
  let watched: Watched | undefined;
  let skipped: string | undefined;
  try {
    if (chaosCase.ownServices === true) await chaosCase.run(scene);
    else {
      calm = await calmServiceFor(chaosCase, context.fixtures, shared);
      scene.service = calm.service;
      watched = await watch(chaosCase, scene, calm, context.observer);
      scene.failures.push(...judge(chaosCase, watched));
      await chaosCase.finish?.(scene);
    }
  } catch (error) {
    if (error instanceof Skip) skipped = error.message;
    else scene.failures.push(messageOf(error));
  }
  scene.closeClients();
  await scene.stopServices();
  const isLeft = scene.failures.length === 0 && calm?.key !== undefined && watched?.isRepeated !== true;
  if (!isLeft) await calm?.service.stop();
  return {
    result: resultOf(chaosCase, scene, watched, { startedAt, skipped }),
    shared: isLeft ? calm : undefined,
  };
}

/** The shared service where it has the settings that the case wants, else a new one in its place. */
async function calmServiceFor(
  chaosCase: ChaosCase,
  fixtures: Fixtures,
  shared: CalmService | undefined,
): Promise<CalmService> {
  const options = (await chaosCase.launch?.(fixtures)) ?? {};
  const { settings = {}, ...special } = options;
  const isAlone = chaosCase.isFirst ?? (chaosCase.finish !== undefined || Object.keys(special).length > 0);
  const key = isAlone ? undefined : JSON.stringify(settings);
  if (shared !== undefined && shared.key === key) return shared;
  await shared?.service.stop();
  const service = await ServiceUnderTest.launch(withModel(options, fixtures));
  const client = new Client(service.url, OBSERVER_ADDRESS, chaosCase.observerHeaders?.(fixtures));
  try {
    return { service, before: await warmUp(service, client), key };
  } catch (error) {
    await service.stop();
    throw error;
  } finally {
    client.close();
  }
}

/** What is made at the first request is no leak. */
async function warmUp(service: ServiceUnderTest, client: Client): Promise<Baseline> {
  await Promise.all(
    Array.from({ length: NUM_WARM_UP_STREAMS }, () =>
      client.stream(CANARY.path, { ...CANARY.body, max_tokens: 64 }),
    ),
  );
  return readBaseline(service, client);
}

/** The attack between two looks at a calm service, with the observer beside it. */
async function watch(
  chaosCase: ChaosCase,
  scene: Scene,
  { service, before }: CalmService,
  observer: Observer,
): Promise<Watched> {
  const headers = chaosCase.observerHeaders?.(scene.fixtures) ?? {};
  const logStart = service.logBytes();
  let observation = await attack(chaosCase, scene, observer, headers);
  const client = new Client(service.url, OBSERVER_ADDRESS, headers);
  const { numModelsLeft = 0, keepsBytes = 0 } = chaosCase;
  const expected = {
    ...before,
    engines: before.engines + numModelsLeft,
    mostServiceBytes: before.mostServiceBytes + keepsBytes,
  };
  let settled = await settle(service, client, expected);
  const { keptBytes } = settled;
  if (keptBytes !== undefined) {
    scene.notes.push(`kept ${mebibytes(keptBytes)} MiB, so once more`);
    observation = together(observation, await attack(chaosCase, scene, observer, headers));
    settled = await settle(service, client, afterRepetition(expected, keptBytes));
  }
  const lastCanary = await client.stream(CANARY.path, CANARY.body, { limitMs: 20_000 });
  client.close();
  return {
    observation,
    isRepeated: keptBytes !== undefined,
    settled,
    lastCanary,
    logLines: service.logLines(logStart),
    stderr: service.stderr(),
  };
}

async function attack(
  chaosCase: ChaosCase,
  scene: Scene,
  observer: Observer,
  headers: Record<string, string>,
): Promise<Observation> {
  const { service } = scene;
  const task: ObserverTask = {
    url: service.url,
    servicePid: service.pid,
    address: OBSERVER_ADDRESS,
    headers,
    canary: CANARY,
  };
  await observer.start(task);
  const thrown = await chaosCase.run(scene).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  scene.closeClients();
  // Even where the case could not be run: the observer must be free for the next one.
  const observation = await observer.stop();
  if (thrown instanceof Skip) throw thrown;
  if (thrown !== undefined) scene.failures.push(thrown.message);
  return observation;
}

const together = (one: Observation, other: Observation): Observation => ({
  polls: [...one.polls, ...other.polls],
  worstControlMs: Math.max(one.worstControlMs, other.worstControlMs),
  canaries: [...one.canaries, ...other.canaries],
  peakMemory: one.peakMemory.numBytes > other.peakMemory.numBytes ? one.peakMemory : other.peakMemory,
});

function resultOf(
  { name, attack }: ChaosCase,
  { failures, notes }: Scene,
  watched: Watched | undefined,
  { startedAt, skipped }: { startedAt: number; skipped: string | undefined },
): CaseResult {
  const seconds = (performance.now() - startedAt) / 1000;
  const base = { name, attack, failures, notes, seconds, skipped };
  if (watched === undefined) return base;
  const { polls, canaries, worstControlMs, peakMemory } = watched.observation;
  const times = polls.map(({ ms }) => ms);
  return {
    ...base,
    watched: {
      numCanaries: canaries.length,
      numWholeCanaries: canaries.filter(({ hasSameText }) => hasSameText).length,
      longestGapMs: Math.max(0, ...canaries.map(({ longestGapMs }) => longestGapMs)),
      healthP99Ms: summarise(times)?.p99,
      healthWorstMs: Math.max(0, ...times),
      healthWorstOwnMs: Math.max(0, ...polls.map(({ ownMs }) => ownMs)),
      worstControlMs,
      restarts: watched.settled.restarts,
      settledSeconds: watched.settled.seconds,
      peakResidentBytes: peakMemory.numBytes,
    },
  };
}
