import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, nested, times } from '../support/attack.ts';
import type { Answer } from '../support/client.ts';

/** Requests of a few bytes, or a few kilobytes, that cost more than they look. */

const MEGABYTE_TEXT = 'a quick brown fox '.repeat(58_000); // 1,044,000 bytes

async function emptyRows(scene: Scene): Promise<void> {
  const client = scene.client();
  for (let i = 0; i < 20; i++) {
    const answers = await Promise.all([
      client.post('/v1/embeddings', { input: 'a', truncate_prompt_tokens: 0 }),
      client.post('/v1/completions', { prompt: 'a', truncate_prompt_tokens: 0, max_tokens: 2 }),
      client.post('/v1/chat/completions', {
        messages: [{ role: 'user', content: 'a' }],
        truncate_prompt_tokens: 0,
        max_tokens: 2,
      }),
    ]);
    expectStatus(scene, answers, [400], 'truncate_prompt_tokens 0');
  }
}

async function repeatedLayers(scene: Scene): Promise<void> {
  const client = scene.client();
  const layers = new Array<number>(2500).fill(0);
  const answers = await times(8, () =>
    client.post('/v1/attention', { prompt: new Array<number>(64).fill(5), layers }, { limitMs: 30_000 }),
  );
  expectStatus(scene, answers, [400], 'a layer 2,500 times');
}

async function badEntries(scene: Scene): Promise<void> {
  const client = scene.client();
  const bodies: [path: string, body: unknown][] = [
    ['/detokenize', { tokens: new Array<string>(250_000).fill('') }],
    ['/v1/chat/completions', { messages: new Array<number>(400_000).fill(1) }],
    [
      '/v1/completions',
      { prompt: 'a', logit_bias: Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`x${i}`, 1])) },
    ],
    ['/v1/completions', { prompt: new Array<number>(300_000).fill(-1) }],
    ['/v1/embeddings', { input: new Array<null>(200_000).fill(null) }],
    ['/v1/completions', { prompt: 'a', stop: new Array<number>(400_000).fill(1) }],
  ];
  for (const [path, body] of bodies) {
    const answers = await times(3, () => client.post(path, body));
    expectStatus(scene, answers, [400], `${path} with bad entries`);
    scene.expect(
      answers.every(({ text }) => text.length < 4096),
      `${path} answers a list of bad entries with ${Math.max(...answers.map(({ text }) => text.length))} bytes`,
    );
  }
}

async function megabyteTexts(scene: Scene): Promise<void> {
  const calls: [path: string, body: object][] = [
    ['/tokenize', { prompt: MEGABYTE_TEXT }],
    ['/v1/completions', { prompt: MEGABYTE_TEXT, truncate_prompt_tokens: 50, max_tokens: 2 }],
    ['/v1/embeddings', { input: MEGABYTE_TEXT, truncate_prompt_tokens: 50 }],
    ['/v1/completions', { prompt: MEGABYTE_TEXT, max_tokens: 2 }],
  ];
  const clients = Array.from({ length: 6 }, (_, i) => scene.client(`127.0.0.${10 + i}`));
  for (const [path, body] of calls) {
    const answers = await Promise.all(clients.map((client) => client.post(path, body)));
    expectStatus(scene, answers, [200, 400, 413, 429], `1 MB of text to ${path}`);
  }
}

const DEEP_FIELDS = [
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'response_format',
  'modalities',
  'audio',
  'prediction',
  'web_search_options',
  'metadata',
  'user',
  'stop',
  'logit_bias',
  'stream_options',
];

async function deepFields(scene: Scene): Promise<void> {
  const client = scene.client();
  for (const depth of [100, 5000, 200_000]) {
    const deep = nested(depth);
    const loose: Answer[] = [];
    for (const field of DEEP_FIELDS) {
      const chat = `{"messages":[{"role":"user","content":"a"}],"max_tokens":1,"${field}":${deep}}`;
      const completion = `{"prompt":"a","max_tokens":1,"${field}":${deep}}`;
      loose.push(
        ...(await Promise.all([
          client.post('/v1/chat/completions', chat),
          client.post('/v1/completions', completion),
          client.post('/ai/run/chaos', completion),
        ])),
      );
    }
    expectStatus(scene, loose, [200, 400], `fields nested ${depth} deep`);
    const answers = [
      await client.post('/v1/chat/completions', `{"messages":${deep}}`),
      await client.post('/v1/chat/completions', `{"messages":[{"role":"user","content":${deep}}]}`),
      await client.post('/v1/completions', `{"prompt":${deep}}`),
      await client.post('/v1/embeddings', `{"input":${deep}}`),
      await client.post('/tokenize', deep),
    ];
    expectStatus(scene, answers, [400], `a list nested ${depth} deep`);
  }
}

async function megabyteNames(scene: Scene): Promise<void> {
  const client = scene.client();
  const name = 'n'.repeat(1_000_000);
  const answers = [
    await client.post('/v1/completions', { model: name, prompt: 'a' }),
    await client.post('/v1/chat/completions', { model: name, messages: [{ role: 'user', content: 'a' }] }),
    await client.post('/v1/chat/completions', { messages: [{ role: name, content: 'a' }] }),
    await client.post('/v1/completions', { prompt: 'a', [name]: 1 }),
    await client.post('/v1/completions', { prompt: 'a', logit_bias: { [name]: 1 } }),
    await client.post('/v1/completions', { prompt: 'a', stream_options: { [name]: 1 }, stream: true }),
    await client.post('/tokenize', { model: name, prompt: 'a' }),
    await client.post('/benchmark', { [name]: 1 }),
  ];
  expectStatus(scene, answers, [400, 404], 'a name of 1 MB');
  // Clients send messages back with fields of their own, so that an unknown one inside a message is ignored.
  const message = { role: 'user', content: 'a', [name]: 1 };
  const inMessage = await client.post('/v1/chat/completions', { messages: [message], max_tokens: 1 });
  expectStatus(scene, [inMessage], [200], 'a message with a field whose name has 1 MB');
  const longPath = await client.get(`/v1/models/${'n'.repeat(12_000)}`);
  expectStatus(scene, [longPath], [404, 431], 'a path of 12 kB');
  const longId = await client.get('/health', { headers: { 'x-request-id': 'n'.repeat(12_000) } });
  expectStatus(scene, [longId], [200, 431], 'a request id of 12 kB');
  const longest = Math.max(
    ...[...answers, inMessage, longPath, longId].map(
      ({ text, headers }) => text.length + JSON.stringify(headers).length,
    ),
  );
  scene.expect(longest < 4096, `a name of 1 MB comes back in ${longest} bytes`);
}

async function promptLogprobs(scene: Scene): Promise<void> {
  const client = scene.client();
  const tokens = Array.from({ length: 510 }, (_, i) => (i * 37) % 3000);
  const body = { prompt: new Array<number[]>(8).fill(tokens), echo: true, logprobs: 5, max_tokens: 1 };
  const patient = times(2, () => client.post('/v1/completions', body));
  await times(6, () => client.post('/v1/completions', body, { hangUpAfterMs: 300 }));
  expectStatus(scene, await patient, [200, 400, 429, 503], 'echo with logprobs');
}

async function heavySampling(scene: Scene): Promise<void> {
  const client = scene.client();
  const bias = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [i, -1]));
  const answers = await times(16, () =>
    client.post('/v1/completions', {
      prompt: 'Once',
      max_tokens: 40,
      n: 4,
      logprobs: 5,
      logit_bias: bias,
      top_k: 3000,
      min_p: 0.0001,
      repetition_penalty: 1.1,
      frequency_penalty: 1,
      stop: ['zzzz', 'qqqq', 'xxxx', 'wwww'],
    }),
  );
  expectStatus(scene, answers, [200, 400, 429], 'heavy sampling');
}

/** Letters that are no words, so that a tokenizer finds no place to cut. */
function longWord(length: number, seed: number): string {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(97 + ((state >>> 24) % 26));
  }).join('');
}

/** For four senders at once; the others are to notice nothing of them. */
const WORD_LIMIT_MS = 60_000;

async function megabyteWord(scene: Scene): Promise<void> {
  const client = scene.client();
  const honest = scene.client('127.0.0.3');
  const word = longWord(1_000_000, 7);
  const over = new AbortController();
  const attack = times(4, async () => {
    const body = { prompt: word, truncate_prompt_tokens: 50, max_tokens: 2 };
    for (let round = 0; round < scene.scaled(2); round++) {
      expectStatus(
        scene,
        [await client.post('/v1/completions', body, { limitMs: WORD_LIMIT_MS })],
        [200, 400, 413, 429],
        'the word',
      );
    }
  }).finally(() => over.abort());
  const answers: Answer[] = [];
  while (!over.signal.aborted) {
    const body = { prompt: 'The river and the mill', max_tokens: 2, timeout_ms: 1500 };
    answers.push(await honest.post('/v1/completions', body));
  }
  await attack;
  scene.notes.push(`honest prompts within ${Math.round(Math.max(...answers.map(({ ms }) => ms)))} ms`);
  expectStatus(scene, answers, [200], 'an honest prompt beside them');
}

async function largeAnswers(scene: Scene): Promise<void> {
  const client = scene.client();
  const body = {
    messages: [{ role: 'user', content: 'Go' }],
    n: 128,
    max_tokens: 400,
    logprobs: true,
    top_logprobs: 20,
    ignore_eos: true,
  };
  const answers = await times(2, () => client.post('/v1/chat/completions', body));
  expectStatus(scene, answers, [200, 400, 429], '128 choices with 20 alternatives');
}

export const ONE_REQUEST_CASES: readonly ChaosCase[] = [
  {
    name: 'empty-rows',
    shows: ['embeddings', 'engine-ends'],
    attack: 'truncate_prompt_tokens 0 to embeddings, completions and chat, 20 times',
    run: emptyRows,
  },
  {
    name: 'repeated-layers',
    shows: ['attention', 'thread-blocked'],
    attack: 'attention of one layer 2,500 times, 8 at once',
    run: repeatedLayers,
  },
  {
    name: 'bad-entries',
    shows: ['thread-blocked', 'no-bound'],
    attack: 'lists of up to 400,000 bad entries to 5 routes',
    run: badEntries,
  },
  {
    name: 'megabyte-texts',
    shows: ['embeddings', 'tokens', 'thread-blocked'],
    attack: '1 MB of text from 6 clients to tokenize, completions and embeddings',
    run: megabyteTexts,
  },
  {
    name: 'deep-fields',
    shows: ['tools'],
    attack: 'every loose field nested 100, 5,000 and 200,000 deep',
    run: deepFields,
  },
  {
    name: 'megabyte-names',
    shows: ['health', 'paths-in-messages'],
    attack: 'names of 1 MB wherever a name may stand',
    run: megabyteNames,
  },
  {
    name: 'prompt-logprobs',
    shows: ['completions', 'no-bound'],
    attack: 'echo with logprobs of 8 whole contexts, 8 at once, 6 hung up',
    run: promptLogprobs,
  },
  {
    name: 'heavy-sampling',
    shows: ['no-bound'],
    attack: '64 sequences with 300 biases, penalties, logprobs and stop strings',
    run: heavySampling,
  },
  {
    name: 'megabyte-word',
    shows: ['tokens'],
    attack: '1 MB without a space on four connections, beside prompts of another client',
    run: megabyteWord,
  },
  {
    name: 'large-answers',
    shows: ['thread-blocked'],
    attack: '2 chats of 128 choices of 400 tokens with 20 alternatives each, not streamed',
    run: largeAnswers,
  },
];
