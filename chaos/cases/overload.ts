import { summarise } from '../../src/bench/latency-summary.ts';
import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { times } from '../support/attack.ts';
import type { Client } from '../support/client.ts';
import { runOpenLoop, type Arrival } from '../support/open-loop.ts';
import { residentBytes } from '../support/proc.ts';
import { rawPost } from '../support/raw-connection.ts';

/** Open loops: requests come at their own pace, however many are refused. */

const PATH = '/v1/completions';
const NUM_TOKENS = 32;
/** A full queue and full seats must be served twice within a request's own deadline. */
const NUM_PLACES = 256 + 32;
const REQUEST = {
  prompt: Array.from({ length: 32 }, (_, i) => (i * 29) % 3000),
  max_tokens: NUM_TOKENS,
  ignore_eos: true,
};
const CLOSED_LOOP_CLIENTS = 64;
/** Where goodput is at its peak: seats are never empty, and hardly anything is refused. */
const PEAK_FACTOR = 1.25;
const OVERLOAD_FACTOR = 10;
const OPEN_LOOP_ADDRESSES = 8;
/** What the issue wants of a minute. */
const GOODPUT_SHARE = 0.9;
/** On a shared machine in a few seconds only a collapse is told from noise. */
const SHORT_GOODPUT_SHARE = 0.6;
const FULL_SECONDS = 60;
/** Of peak and overload, in the long form. Requests of one length end in waves: a turn is long enough for many. */
const FULL_ROUNDS = 12;
const TURN_SECONDS = 15;
/** The share of a loop's time until the seats are full. */
const SETTLE_SHARE = 0.25;
/** Of more than two minutes in the long form: half a kibibyte kept of each request offered would be more. */
const MEMORY_GROWTH_BYTES = 24 * 2 ** 20;
const RETRY_HEADERS = 'retry-after, retry-after-ms, x-should-retry';

/** Requests a second that are answered when clients wait for their answers. */
async function measureCapacity(client: Client, seconds: number): Promise<number> {
  const endsAt = performance.now() + seconds * 1000;
  let numAnswered = 0;
  await times(CLOSED_LOOP_CLIENTS, async () => {
    while (performance.now() < endsAt) {
      const { status } = await client.post(PATH, REQUEST);
      if (status === 200 && performance.now() < endsAt) numAnswered++;
    }
  });
  return numAnswered / seconds;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const medianOf = (values: readonly number[]): number => summarise(values)?.p50 ?? NaN;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

interface Load {
  perSecond: number;
  seconds: number;
  deadlineMs: number;
}

const offer = (scene: Scene, { perSecond, seconds, deadlineMs }: Load): Promise<Arrival[]> =>
  runOpenLoop({
    port: scene.service.port,
    addresses: Array.from({ length: OPEN_LOOP_ADDRESSES }, (_, i) => `127.0.0.${20 + i}`),
    request: rawPost(PATH, { ...REQUEST, timeout_ms: deadlineMs }),
    perSecond,
    seconds,
    limitMs: 3 * deadlineMs,
  });

/** Requests a second that were served while the loop ran, once the seats were full. */
function goodputOf(arrivals: readonly Arrival[], seconds: number): number {
  const fromMs = SETTLE_SHARE * seconds * 1000;
  const isCounted = ({ status, endedMs }: Arrival): boolean =>
    status === 200 && endedMs > fromMs && endedMs <= seconds * 1000;
  return arrivals.filter(isCounted).length / ((1 - SETTLE_SHARE) * seconds);
}

async function overload(scene: Scene): Promise<void> {
  const seconds = Math.min(scene.scaled(8), FULL_SECONDS);
  const capacity = await measureCapacity(scene.client(), seconds / 4);
  const deadlineMs = Math.ceil(2000 + (2 * NUM_PLACES * 1000) / Math.max(capacity, 1));
  const load = { perSecond: capacity * OVERLOAD_FACTOR, seconds, deadlineMs };
  const memory = watchMemory(scene);
  const arrivals = await offer(scene, load);
  scene.notes.push(
    `${seconds} s: ${(arrivals.length / seconds).toFixed(0)} requests/s offered, ${goodputOf(arrivals, seconds).toFixed(0)} served`,
  );
  judgeServed(scene, arrivals, deadlineMs);
  judgeRefusals(scene, arrivals, seconds);
  await judgeGoodput(scene, load);
  const grownBytes = memory.stop();
  const grown = `${Math.round(grownBytes / 2 ** 20)} MiB`;
  scene.notes.push(`grown by ${grown}`);
  scene.expect(grownBytes <= MEMORY_GROWTH_BYTES, `the service grew by ${grown} during the overload`);
}

/**
 * A machine becomes slower and faster within a minute, so peak and overload take turns of some seconds. The share is the
 * median of pairs: a turn in which another machine takes this one's processors is one pair's alone.
 */
async function judgeGoodput(scene: Scene, load: Load): Promise<void> {
  const isFull = load.seconds >= FULL_SECONDS;
  const seconds = isFull ? TURN_SECONDS : load.seconds / 2;
  const measure = async (factor: number): Promise<number> =>
    goodputOf(
      await offer(scene, { ...load, perSecond: (load.perSecond * factor) / OVERLOAD_FACTOR, seconds }),
      seconds,
    );
  const peaks: number[] = [];
  const overloads: number[] = [];
  const shares: number[] = [];
  for (let round = 0; round < (isFull ? FULL_ROUNDS : 1); round++) {
    const peak = await measure(PEAK_FACTOR);
    const overload = await measure(OVERLOAD_FACTOR);
    peaks.push(peak);
    overloads.push(overload);
    shares.push(overload / peak);
  }
  const share = medianOf(shares);
  const least = isFull ? GOODPUT_SHARE : SHORT_GOODPUT_SHARE;
  scene.notes.push(
    `in ${shares.length} pairs of turns of ${seconds} s: ${mean(overloads).toFixed(0)} served/s, the peak ` +
      `${mean(peaks).toFixed(0)}, of pairs ${percent(share)} (median; ${percent(Math.min(...shares))} to ${percent(Math.max(...shares))})`,
  );
  scene.expect(
    share >= least,
    `goodput is ${percent(share)} of its peak, at least ${percent(least)} expected`,
  );
}

/**
 * How much the service grows from the second third of the case to the last. Its heap rises by tens of MiB between two
 * collections, which may be a minute apart: in the long form the least of each third is what is kept.
 */
function watchMemory(scene: Scene): { stop(): number } {
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(residentBytes(scene.service.pid)), 500);
  return {
    stop: () => {
      clearInterval(timer);
      const third = Math.floor(samples.length / 3);
      return Math.min(...samples.slice(2 * third)) - Math.min(...samples.slice(third, 2 * third));
    },
  };
}

function judgeServed(scene: Scene, arrivals: readonly Arrival[], deadlineMs: number): void {
  const late = arrivals.filter(({ status, ms }) => status === 504 || ms > deadlineMs + 1000);
  scene.expect(
    late.length === 0,
    `${late.length} admitted requests missed their deadline of ${deadlineMs} ms`,
  );
  const served = arrivals.filter(({ status }) => status === 200);
  const p99 = summarise(served.map(({ ms }) => ms))?.p99 ?? NaN;
  scene.notes.push(`served within ${p99.toFixed(0)} ms (p99)`);
}

function judgeRefusals(scene: Scene, arrivals: readonly Arrival[], seconds: number): void {
  const others = arrivals.filter(({ status }) => ![200, 429, 503].includes(status));
  scene.expect(
    others.length === 0,
    `${others.length} of ${arrivals.length} were answered ${others[0]?.status ?? ''}`,
  );
  const refused = arrivals.filter(({ status }) => status === 429 || status === 503);
  const retries = refused.flatMap(({ retry }) => retry ?? []);
  const numBare = refused.length - retries.length;
  scene.expect(numBare === 0, `${numBare} of ${refused.length} refusals lack one of ${RETRY_HEADERS}`);
  const unequal = retries.filter(({ afterS, afterMs }) => afterS !== Math.ceil(afterMs / 1000));
  scene.expect(unequal.length === 0, `${unequal.length} refusals name two different times`);
  const told = summarise(retries.map(({ afterMs }) => afterMs))?.p50 ?? NaN;
  const numServed = arrivals.filter(({ status }) => status === 200).length;
  const msPerSlot = (seconds * 1000) / Math.max(numServed, 1);
  scene.notes.push(
    `${refused.length} refused, retry-after-ms ${told.toFixed(0)} (median) where a slot of a client became free every ` +
      `${(msPerSlot * OPEN_LOOP_ADDRESSES).toFixed(0)} ms`,
  );
  scene.expect(
    told >= msPerSlot,
    `retry-after-ms is ${told}, less than the ${msPerSlot.toFixed(0)} ms in which one slot becomes free`,
  );
}

export const OVERLOAD_CASES: readonly ChaosCase[] = [
  {
    name: 'overload',
    shows: ['completions', 'consumption'],
    attack: `an open loop at ${OVERLOAD_FACTOR} times the capacity from ${OPEN_LOOP_ADDRESSES} addresses`,
    run: overload,
  },
];
