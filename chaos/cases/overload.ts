import { summarise } from '../../src/bench/percentiles.ts';
import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { times } from '../support/attack.ts';
import type { Answer, Client } from '../support/client.ts';
import { residentBytes } from '../support/proc.ts';
import { sleep } from '../support/until.ts';

/** An open loop: requests come at their own pace, however many are refused. */

const PATH = '/v1/completions';
const NUM_TOKENS = 32;
/** A full queue and full lanes must be served twice within a request's own deadline. */
const NUM_PLACES = 256 + 32;
const REQUEST = {
  prompt: Array.from({ length: 32 }, (_, i) => (i * 29) % 3000),
  max_tokens: NUM_TOKENS,
  ignore_eos: true,
};
const OVERLOAD_FACTOR = 10;
const CLOSED_LOOP_CLIENTS = 64;
const OPEN_LOOP_ADDRESSES = 8;
const TICK_MS = 10;
/** What the issue wants of a minute on a machine with nothing else to do. */
const GOODPUT_SHARE = 0.9;
/** On a shared machine in a few seconds only a collapse is told from noise. */
const SHORT_GOODPUT_SHARE = 0.6;
const FULL_SECONDS = 60;
const MEMORY_GROWTH_BYTES = 64 * 2 ** 20;
const RETRY_HEADERS = ['retry-after', 'retry-after-ms', 'x-should-retry'];

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

interface Arrival {
  answer: Answer;
  /** Since the loop began. */
  endedMs: number;
}

/** Requests at a fixed rate from several addresses in turns. */
async function openLoop(
  clients: readonly Client[],
  { perSecond, seconds, deadlineMs }: { perSecond: number; seconds: number; deadlineMs: number },
): Promise<Arrival[]> {
  const body = { ...REQUEST, timeout_ms: deadlineMs };
  const arrivals: Promise<Arrival>[] = [];
  const startedAt = performance.now();
  const elapsedMs = (): number => performance.now() - startedAt;
  while (elapsedMs() < seconds * 1000) {
    const due = Math.min((elapsedMs() * perSecond) / 1000, perSecond * seconds);
    while (arrivals.length < due) {
      const client = clients[arrivals.length % clients.length];
      if (client === undefined) break;
      const call = client.post(PATH, body, { limitMs: 3 * deadlineMs });
      arrivals.push(call.then((answer) => ({ answer, endedMs: elapsedMs() })));
    }
    await sleep(TICK_MS);
  }
  return Promise.all(arrivals);
}

async function overload(scene: Scene): Promise<void> {
  const seconds = Math.min(scene.scaled(8), FULL_SECONDS);
  const capacity = await measureCapacity(scene.client(), seconds / 2);
  const clients = Array.from({ length: OPEN_LOOP_ADDRESSES }, (_, i) => scene.client(`127.0.0.${20 + i}`));
  const memory: number[] = [];
  const timer = setInterval(() => memory.push(residentBytes(scene.service.pid)), 500);
  const deadlineMs = Math.ceil(2000 + (2 * NUM_PLACES * 1000) / Math.max(capacity, 1));
  const perSecond = capacity * OVERLOAD_FACTOR;
  const arrivals = await openLoop(clients, { perSecond, seconds, deadlineMs });
  clearInterval(timer);
  judgeGoodput(scene, arrivals, { capacity, seconds, deadlineMs });
  judgeRefusals(scene, arrivals, seconds);
  const afterRise = memory[Math.floor(memory.length / 3)] ?? 0;
  const growth = Math.max(0, ...memory.slice(Math.floor(memory.length / 3))) - afterRise;
  scene.expect(
    growth <= MEMORY_GROWTH_BYTES,
    `the service grew by ${Math.round(growth / 2 ** 20)} MiB during the overload`,
  );
}

function judgeGoodput(
  scene: Scene,
  arrivals: readonly Arrival[],
  { capacity, seconds, deadlineMs }: { capacity: number; seconds: number; deadlineMs: number },
): void {
  const served = arrivals.filter(({ answer }) => answer.status === 200);
  const goodput = served.filter(({ endedMs }) => endedMs <= seconds * 1000).length / seconds;
  const share = goodput / capacity;
  const least = seconds >= FULL_SECONDS ? GOODPUT_SHARE : SHORT_GOODPUT_SHARE;
  scene.notes.push(
    `${seconds} s: ${capacity.toFixed(0)} requests/s in a closed loop, ${(arrivals.length / seconds).toFixed(0)} offered, ` +
      `${goodput.toFixed(0)} served (${(share * 100).toFixed(0)} %)`,
  );
  scene.expect(
    share >= least,
    `goodput is ${(share * 100).toFixed(0)} % of the capacity, at least ${least * 100} % expected`,
  );
  const late = arrivals.filter(({ answer }) => answer.status === 504 || answer.ms > deadlineMs + 1000);
  scene.expect(
    late.length === 0,
    `${late.length} admitted requests missed their deadline of ${deadlineMs} ms`,
  );
  const p99 = summarise(served.map(({ answer }) => answer.ms))?.p99 ?? NaN;
  scene.notes.push(`served within ${p99.toFixed(0)} ms (p99)`);
}

function judgeRefusals(scene: Scene, arrivals: readonly Arrival[], seconds: number): void {
  const others = arrivals.filter(({ answer }) => ![200, 429, 503].includes(answer.status));
  const [first] = others;
  scene.expect(
    first === undefined,
    `${others.length} of ${arrivals.length} were answered ${first?.answer.status ?? ''} ${first?.answer.error ?? ''}`,
  );
  const refused = arrivals.filter(({ answer }) => answer.status === 429 || answer.status === 503);
  const bare = refused.filter(({ answer }) =>
    RETRY_HEADERS.some((name) => answer.headers[name] === undefined),
  );
  scene.expect(
    bare.length === 0,
    `${bare.length} of ${refused.length} refusals lack one of ${RETRY_HEADERS.join(', ')}`,
  );
  const unequal = refused.filter(({ answer }) => {
    const { 'retry-after': inSeconds, 'retry-after-ms': inMs } = answer.headers;
    return Number(inSeconds) !== Math.ceil(Number(inMs) / 1000);
  });
  scene.expect(unequal.length === 0, `${unequal.length} refusals name two different times`);
  const told = summarise(refused.map(({ answer }) => Number(answer.headers['retry-after-ms'])))?.p50 ?? NaN;
  const numServed = arrivals.filter(({ answer }) => answer.status === 200).length;
  const msPerPlace = (seconds * 1000) / Math.max(numServed, 1);
  const msPerPlaceOfClient = msPerPlace * OPEN_LOOP_ADDRESSES;
  scene.notes.push(
    `${refused.length} refused, retry-after-ms ${told.toFixed(0)} (median) where a place of a client became free every ` +
      `${msPerPlaceOfClient.toFixed(0)} ms`,
  );
  scene.expect(
    told >= msPerPlace,
    `retry-after-ms is ${told}, less than the ${msPerPlace.toFixed(0)} ms in which one place becomes free`,
  );
}

export const OVERLOAD_CASES: readonly ChaosCase[] = [
  {
    name: 'overload',
    attack: `an open loop at ${OVERLOAD_FACTOR} times the capacity from ${OPEN_LOOP_ADDRESSES} addresses`,
    run: overload,
  },
];
