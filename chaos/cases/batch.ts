import { parseJson } from '../fuzz/fuzz-script.ts';
import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import type { Answer, Client } from '../support/client.ts';
import { MODEL_ID } from '../support/metrics.ts';
import { sleep, until } from '../support/until.ts';

/** Jobs of many requests: what they keep, and whose turn it is. */

const PATH = `/ai/run/${MODEL_ID}?queueRequest=true`;
const TAKEN = [200, 400, 413, 429];
const OTHER = '127.0.0.3';
/** As many as are taken. */
const BODY_BYTES = 2 ** 20;
/** Another client's job of one item must be done by then. */
const JOB_LIMIT_MS = 10_000;
const NUM_QUEUED = 70;
const NUM_OWNERS = 100;

const submit = (client: Client, body: unknown): Promise<Answer> =>
  client.post(PATH, body, { limitMs: 30_000 });

/** An item, and beside it as many empty objects as a body holds, in a field that there is not. */
const emptyObjects = (): Buffer =>
  Buffer.from(
    `{"requests":[{"prompt":"a","max_tokens":1,"none":[${'{},'.repeat(Math.floor(BODY_BYTES / 3) - 40)}{}]}]}`,
  );

/** An item in a body of just as many bytes as are taken. */
function longJob(): object {
  const job = (none: string): object => ({ requests: [{ prompt: 'a', max_tokens: 1, none }] });
  return job('x'.repeat(BODY_BYTES - JSON.stringify(job('')).length));
}

async function emptyObjectJobs(scene: Scene): Promise<void> {
  const body = emptyObjects();
  const numJobs = Math.min(scene.scaled(60), 165);
  const client = scene.client();
  for (let at = 0; at < numJobs; at += 4) {
    expectStatus(scene, await times(4, () => submit(client, body)), TAKEN, 'a job of empty objects');
  }
}

const ONE_TOKEN = { requests: [{ prompt: 'a', max_tokens: 1 }] };
/** As long as the context has room for. */
const LONG_ITEM = { requests: [{ prompt: 'a', max_tokens: 480 }] };

/** A job as it was taken: whether it is done. */
type IsDone = () => Promise<boolean>;

async function start(scene: Scene, client: Client, body: object): Promise<IsDone> {
  const submitted = await submit(client, body);
  expectStatus(scene, [submitted], TAKEN, 'a job');
  const { result } = (parseJson(submitted.text) ?? {}) as { result?: { request_id?: string } };
  const poll = { request_id: result?.request_id ?? 'none' };
  return async () => (await submit(client, poll)).text.includes('"responses"');
}

/** Live streams keep the jobs from starting until as many are kept as may be. */
async function fullQueue(scene: Scene): Promise<void> {
  const client = scene.client();
  const live = { prompt: 'a', max_tokens: 502, ignore_eos: true };
  const over = new AbortController();
  const streams = times(128, () => client.stream('/v1/completions', live, { signal: over.signal }));
  await sleep(500);
  const body = longJob();
  for (let at = 0; at < NUM_QUEUED; at += 5) await times(5, () => start(scene, client, body));
  over.abort();
  await streams;
  const isDone = await start(scene, scene.client(OTHER), ONE_TOKEN);
  const isInTime = await until(isDone, JOB_LIMIT_MS, 100);
  scene.expect(isInTime, `another client's job is not done after ${JOB_LIMIT_MS / 1000} s`);
}

/** By the order in which jobs are done, since how long they take is the machine's matter. */
async function inventedOwners(scene: Scene): Promise<void> {
  const jobs: IsDone[] = [];
  for (let owner = 0; owner < NUM_OWNERS; owner++) {
    const client = scene.client('127.0.0.1', { authorization: `Bearer invented-${owner}` });
    jobs.push(await start(scene, client, LONG_ITEM));
  }
  const isDone = await start(scene, scene.client(OTHER), ONE_TOKEN);
  await until(isDone, 4 * JOB_LIMIT_MS, 20);
  const done = await Promise.all(jobs.map((isJobDone) => isJobDone()));
  const numBefore = done.filter(Boolean).length;
  scene.notes.push(`another client's job was done when ${numBefore} of ${NUM_OWNERS} were`);
  scene.expect(
    numBefore <= NUM_OWNERS / 2,
    `another client's job of one token was done after ${numBefore} of ${NUM_OWNERS} that were invented`,
  );
  // What is left must not run into the next case.
  await until(async () => (await jobs.at(-1)?.()) === true, 4 * JOB_LIMIT_MS, 100);
}

export const BATCH_CASES: readonly ChaosCase[] = [
  {
    name: 'batch-empty-objects',
    shows: ['workers-ai'],
    attack: 'batch jobs of 1 MiB with 349,000 empty objects in a field that there is not',
    isFirst: true,
    run: emptyObjectJobs,
  },
  {
    name: 'batch-queue',
    shows: ['workers-ai'],
    attack: '70 batch jobs of 1 MiB of one owner while live streams run, then one of another',
    isFirst: true,
    run: fullQueue,
  },
  {
    name: 'batch-invented-keys',
    shows: ['workers-ai'],
    attack: 'batch jobs of 100 invented keys of one address, then one of another address',
    isFirst: true,
    run: inventedOwners,
  },
];
