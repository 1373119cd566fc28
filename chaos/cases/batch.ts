import { parseJson } from '../fuzz/fuzz-script.ts';
import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import type { Answer, Client } from '../support/client.ts';
import { MODEL_ID } from '../support/metrics.ts';
import { until } from '../support/until.ts';

/** Jobs of many requests: what they keep, and whose turn it is. */

const PATH = `/ai/run/${MODEL_ID}?queueRequest=true`;
const TAKEN = [200, 400, 413, 429];
const OTHER = '127.0.0.3';
const BODY_BYTES = 1_000_000;
/** Another client's job of one item must be done by then. */
const JOB_LIMIT_MS = 10_000;

const submit = (client: Client, body: unknown): Promise<Answer> =>
  client.post(PATH, body, { limitMs: 30_000 });

/** An item, and beside it as many empty objects as a body holds, in a field that there is not. */
const emptyObjects = (): Buffer =>
  Buffer.from(`{"requests":[{"prompt":"a","max_tokens":1,"none":[${'{},'.repeat(BODY_BYTES / 3 - 40)}{}]}]}`);

const longItem = (): object => ({ prompt: 'a', max_tokens: 400, none: 'x'.repeat(BODY_BYTES - 200) });

async function emptyObjectJobs(scene: Scene): Promise<void> {
  const body = emptyObjects();
  const numJobs = Math.min(scene.scaled(60), 165);
  const client = scene.client();
  for (let at = 0; at < numJobs; at += 4) {
    expectStatus(scene, await times(4, () => submit(client, body)), TAKEN, 'a job of empty objects');
  }
}

async function isJobDone(client: Client): Promise<boolean> {
  const submitted = await submit(client, { requests: [{ prompt: 'a', max_tokens: 1 }] });
  const { result } = (parseJson(submitted.text) ?? {}) as { result?: { request_id?: string } };
  return until(
    async () =>
      (await submit(client, { request_id: result?.request_id ?? 'none' })).text.includes('"responses"'),
    JOB_LIMIT_MS,
    100,
  );
}

/** As many jobs as are taken, by an owner or by many, then one of another address. */
async function jobOfAnother(
  scene: Scene,
  attack: (index: number) => Promise<Answer>,
  numJobs: number,
): Promise<void> {
  let next = 0;
  await times(4, async () => {
    while (next < numJobs) expectStatus(scene, [await attack(next++)], TAKEN, 'a job of the attacker');
  });
  scene.expect(
    await isJobDone(scene.client(OTHER)),
    `another client's job is not done after ${JOB_LIMIT_MS / 1000} s`,
  );
}

export const BATCH_CASES: readonly ChaosCase[] = [
  {
    name: 'batch-empty-objects',
    attack: 'batch jobs of 1 MB with 333,000 empty objects in a field that there is not',
    isFirst: true,
    run: emptyObjectJobs,
  },
  {
    name: 'batch-queue',
    attack: '70 batch jobs of 1 MB of one owner, then one of another',
    isFirst: true,
    run: (scene) => {
      const client = scene.client();
      return jobOfAnother(scene, () => submit(client, { requests: [longItem()] }), 70);
    },
  },
  {
    name: 'batch-invented-keys',
    attack: 'batch jobs of 100 invented keys of one address, then one of another address',
    isFirst: true,
    run: (scene) =>
      jobOfAnother(
        scene,
        async (index) => {
          const client = scene.client('127.0.0.1', { authorization: `Bearer invented-${index}` });
          const requests = Array.from({ length: 40 }, () => ({ prompt: 'a', max_tokens: 300 }));
          return submit(client, { requests });
        },
        100,
      ),
  },
];
