import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import { sleep } from '../support/until.ts';

/** More requests than a fair client sends. */

async function attentionFlood(scene: Scene): Promise<void> {
  const client = scene.client();
  const body = { prompt: new Array<number>(64).fill(5) };
  const startedAt = performance.now();
  const patient = times(128, () => client.post('/v1/attention', body, { limitMs: 40_000 }));
  const hungUp = times(128, () => client.post('/v1/attention', body, { hangUpAfterMs: 500 }));
  await hungUp;
  const answers = await patient;
  expectStatus(scene, answers, [200, 429, 504], 'attention');
  const numAnswered = answers.filter(({ status }) => status === 200).length;
  scene.notes.push(`${numAnswered} of 128 answered`);
  scene.expect(
    performance.now() - startedAt < 30_000,
    'REQUEST_TIMEOUT of 8 s did not end the attention requests',
  );
}

/** The long form has more bursts, not larger ones: those keep the two cores busy that the service is to answer with. */
async function inventedKeys(scene: Scene): Promise<void> {
  for (let round = 0; round < scene.scaled(1); round++) await burstOfKeys(scene, round);
}

async function burstOfKeys(scene: Scene, round: number): Promise<void> {
  const attackers = times(300, (index) =>
    scene
      .client('127.0.0.1', { authorization: `Bearer invented-${round}-${index}` })
      .stream('/v1/completions', { prompt: 'a', max_tokens: 400, ignore_eos: true }, { limitMs: 4000 }),
  );
  await sleep(500);
  for (const address of ['127.0.0.3', '127.0.0.4']) {
    const honest = await times(25, () =>
      scene.client(address).post('/v1/completions', { prompt: 'a', max_tokens: 8 }, { limitMs: 30_000 }),
    );
    expectStatus(scene, honest, [200], `25 honest requests from ${address}`);
  }
  await attackers;
}

async function hangUps(scene: Scene): Promise<void> {
  const client = scene.client();
  const body = { prompt: 'Once upon', max_tokens: 400, ignore_eos: true, stream: true };
  const numRounds = scene.scaled(10);
  const perRound = 100;
  for (let round = 0; round < numRounds; round++) {
    await times(perRound, (index) =>
      client.post('/v1/completions', body, { hangUpAfterMs: 1 + ((index * 7) % 150) }),
    );
  }
  scene.notes.push(`${numRounds * perRound} hang-ups`);
}

const BUFFER_MB = 4;

/** Each goes on without a reader until it is given up. */
async function droppedStreams(scene: Scene): Promise<void> {
  const client = scene.client('127.0.0.1', { 'x-stream-resumable': 'true' });
  const body = { prompt: 'Once upon', max_tokens: 200, ignore_eos: true, logprobs: 5, stream: true };
  const numRounds = 20;
  const perRound = scene.scaled(100);
  const most = { bytes: 0, unread: 0 };
  for (let round = 0; round < numRounds; round++) {
    await times(perRound, (index) =>
      client.post('/v1/completions', body, { hangUpAfterMs: 1 + ((index * 7) % 150) }),
    );
    const { text } = await scene.client('127.0.0.4').get('/metrics');
    const read = (name: string): number =>
      Number(new RegExp(`^tokenflare_${name} (\\d+)$`, 'm').exec(text)?.[1] ?? NaN);
    most.bytes = Math.max(most.bytes, read('resumable_stream_bytes'));
    most.unread = Math.max(most.unread, read('resumable_streams_unread'));
  }
  scene.notes.push(
    `${numRounds * perRound} streams, ${Math.round(most.bytes / 1024)} KiB and ${most.unread} unread at most`,
  );
  scene.expect(most.bytes <= BUFFER_MB * 2 ** 20, `streams keep ${most.bytes} bytes`);
  scene.expect(most.unread <= 16, `${most.unread} streams of one client go on without a reader`);
}

async function allSeats(scene: Scene): Promise<void> {
  const hog = scene.client();
  const long = { prompt: 'a', max_tokens: 502, ignore_eos: true };
  const done = new AbortController();
  const hogs = times(64, () => hog.stream('/v1/completions', long, { signal: done.signal }));
  await sleep(1000);
  const innocent = scene.client('127.0.0.3');
  const waits: number[] = [];
  const steps: number[] = [];
  for (let i = 0; i < 5; i++) {
    const before = await numSteps(scene);
    let firstAfter: Promise<number> | undefined;
    const end = await innocent.stream(
      '/v1/completions',
      { prompt: 'b', max_tokens: 8, ignore_eos: true },
      {
        onText: () => {
          firstAfter ??= numSteps(scene);
        },
      },
    );
    scene.expect(end.isWhole, `an innocent stream ended with ${end.errorCode ?? end.error ?? 'nothing'}`);
    waits.push(end.firstTokenMs ?? Infinity);
    steps.push(((await firstAfter) ?? Infinity) - before);
  }
  const most = Math.max(...steps);
  scene.notes.push(
    `first token of another after ${most} steps, ${Math.round(Math.max(...waits))} ms at most`,
  );
  // A new client needs a few steps; some more run while the answer travels. A whole completion is 502.
  scene.expect(most <= MOST_STEPS, `another client's first token came after ${most} steps`);
  done.abort();
  const [broken] = (await hogs).flatMap(({ errorCode }) => errorCode ?? []);
  scene.expect(broken === undefined, `a stream of the busy client ended with ${broken ?? ''}`);
}

const MOST_STEPS = 100;

async function numSteps(scene: Scene): Promise<number> {
  const { text } = await scene.client('127.0.0.4').get('/metrics');
  return Number(/^tokenflare_steps_total\S* (\d+)$/m.exec(text)?.[1] ?? NaN);
}

/** Texts to be embedded and prompts at a time slow a stream of another client no more than as many streams would. */
async function embeddingsFlood(scene: Scene): Promise<void> {
  const [text, prompt] = [new Array<number>(500).fill(5), new Array<number>(500).fill(7)];
  const streams = await besideOthers(scene, () => ['/v1/completions', { ...STREAM, max_tokens: 400 }]);
  const flood = await besideOthers(scene, (index) =>
    index % 2 === 0
      ? ['/v1/embeddings', { input: [text, text, text, text] }]
      : ['/v1/completions', { prompt, max_tokens: 1 }],
  );
  const ratio = flood / streams;
  scene.notes.push(`a stream beside it took ${ratio.toFixed(1)} times as long as beside streams`);
  scene.expect(ratio <= MOST_SLOWDOWN, `a stream took ${ratio.toFixed(1)} times as long as beside streams`);
}

/** Some 0.5 are usual. */
const MOST_SLOWDOWN = 1.5;
const NUM_FLOODING = 24;
const STREAM = { prompt: 'Once upon', max_tokens: 200, ignore_eos: true };

/** The median milliseconds from the first token to the last of one client's stream, while another has so many requests. */
async function besideOthers(
  scene: Scene,
  requestOf: (index: number) => readonly [path: string, body: object],
): Promise<number> {
  const innocent = scene.client('127.0.0.3');
  const done = new AbortController();
  const flooding = times(NUM_FLOODING, async (index) => {
    const client = scene.client();
    const [path, body] = requestOf(index);
    while (!done.signal.aborted) await client.post(path, body, { signal: done.signal });
  });
  await sleep(500);
  const durations: number[] = [];
  for (let round = 0; round < scene.scaled(3); round++) {
    const startedAt = performance.now();
    const end = await innocent.stream('/v1/completions', STREAM, { limitMs: 60_000 });
    scene.expect(end.isWhole, `an innocent stream ended with ${end.errorCode ?? end.error ?? 'nothing'}`);
    durations.push(performance.now() - startedAt - (end.firstTokenMs ?? 0));
  }
  done.abort();
  await flooding;
  return durations.toSorted((one, other) => one - other)[durations.length >> 1] ?? Infinity;
}

export const FLOOD_CASES: readonly ChaosCase[] = [
  {
    name: 'attention-flood',
    shows: ['attention'],
    attack: '256 attention requests, half of them hung up, REQUEST_TIMEOUT=12',
    launch: () => ({ settings: { REQUEST_TIMEOUT: '12' } }),
    run: attentionFlood,
  },
  {
    name: 'invented-keys',
    shows: ['consumption'],
    attack: '300 invented keys fill seats and queue; 50 honest requests of two addresses',
    run: inventedKeys,
  },
  { name: 'hang-ups', shows: ['completions'], attack: '1,000 streams hung up within 150 ms', run: hangUps },
  {
    name: 'dropped-streams',
    shows: ['consumption'],
    attack: '2,000 streams that can be resumed, dropped within 150 ms, STREAM_BUFFER_MB=4, STREAM_GRACE=5',
    launch: () => ({ settings: { STREAM_BUFFER_MB: `${BUFFER_MB}`, STREAM_GRACE: '5' } }),
    run: droppedStreams,
  },
  {
    name: 'all-seats',
    shows: ['completions', 'consumption'],
    attack: '64 sequences of 502 tokens of one client, 5 short ones of another',
    run: allSeats,
  },
  {
    name: 'embeddings-flood',
    shows: ['completions'],
    attack:
      '12 requests for embeddings of 2,000 tokens and 12 prompts of 500 at a time; another streams 200 tokens',
    run: embeddingsFlood,
  },
];
