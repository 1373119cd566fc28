import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';

/** Bodies of 16 MiB, which most services take for documents: each is read, parsed and checked beside requests of others. */

const MIB = 2 ** 20;
const LIMIT_MS = 300_000;
/** The most names, or lists and objects, that a body may have. */
const NUM_PARTS = 2 ** 16;
/** Eight bodies as text, as bytes and as objects at a time, and what the readers of documents may have. */
const MORE_BYTES = 1024 * MIB;

/** Between bodies, malloc holds 256 MiB of what they took: after two rounds as much as after six. */
const KEPT_BYTES = 192 * MIB;

interface BigBody {
  readonly what: string;
  readonly path: string;
  /** Made when it is sent. */
  readonly make: () => string;
  readonly statuses: readonly number[];
}

const filled = (numBytes: number): string => 'word '.repeat(Math.ceil(numBytes / 5));
const TEXT_BYTES = 15.5 * MIB;
/** As a member of an object takes them. */
const LONG_NAME = 'x'.repeat(TEXT_BYTES / NUM_PARTS - 16);

const names = (): Record<string, number> =>
  Object.fromEntries(Array.from({ length: NUM_PARTS - 64 }, (_, index) => [`${index}${LONG_NAME}`, 1]));

const step = (query: object): object => ({
  provider: 'openai',
  endpoint: 'chat/completions',
  headers: {},
  query,
});

const file = (mimeType: string, text: string): object => ({
  name: 'a.html',
  mimeType,
  data: Buffer.from(text).toString('base64'),
});

const BODIES: readonly BigBody[] = [
  {
    what: 'a document',
    path: '/workers-binding/to-everything/markdown/transformer',
    make: () => JSON.stringify({ files: [file('text/html', `<p>${filled(11.5 * MIB)}</p>`)] }),
    statuses: [200, 429],
  },
  {
    what: 'documents of a byte',
    path: '/workers-binding/to-everything/markdown/transformer',
    make: () => JSON.stringify({ files: new Array(20_000).fill(file('text/html', 'a')) }),
    statuses: [400, 413, 429],
  },
  {
    what: 'a list of requests with 65,000 names',
    path: '/gateway/a/b',
    make: () => JSON.stringify([step(names())]),
    statuses: [400, 429],
  },
  {
    what: 'a request of a gateway with 65,000 names',
    path: '/gateway/a/b/openai/chat/completions',
    make: () => JSON.stringify(names()),
    statuses: [400, 429],
  },
  {
    what: 'a chat with 65,000 names',
    path: '/v1/chat/completions',
    make: () => JSON.stringify({ messages: [names()] }),
    statuses: [400, 429],
  },
  {
    what: 'a prompt',
    path: '/v1/completions',
    make: () => JSON.stringify({ prompt: filled(TEXT_BYTES), max_tokens: 4 }),
    statuses: [400, 429],
  },
  {
    what: 'texts that are embedded',
    path: '/v1/embeddings',
    make: () => JSON.stringify({ input: new Array(4).fill(filled(TEXT_BYTES / 4)) }),
    statuses: [400, 429],
  },
  {
    what: 'a schema',
    path: '/v1/chat/completions',
    make: () =>
      JSON.stringify({
        messages: [{ role: 'user', content: 'a' }],
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'a', schema: { properties: names(), type: 'object' } },
        },
      }),
    statuses: [400, 429],
  },
  {
    what: 'messages of Anthropic',
    path: '/v1/messages',
    make: () =>
      JSON.stringify({
        max_tokens: 4,
        messages: new Array(15_000).fill({ role: 'user', content: 'x'.repeat(980) }),
      }),
    statuses: [400, 413, 429],
  },
  {
    what: 'a prompt of token ids',
    path: '/v1/completions',
    make: () => `{"prompt":[${'1,'.repeat(8_000_000)}1]}`,
    statuses: [400, 429],
  },
];

/** Each alone, and then all at once. */
async function bigBodies(scene: Scene): Promise<void> {
  const client = scene.client();
  const send = async ({ what, path, make, statuses }: BigBody): Promise<void> => {
    const answer = await client.post(path, make(), { limitMs: LIMIT_MS });
    expectStatus(scene, [answer], statuses, what);
  };
  for (const body of BODIES) await send(body);
  await times(scene.scaled(2 * BODIES.length), async (index) => {
    const body = BODIES[index % BODIES.length];
    if (body !== undefined) await send(body);
  });
}

export const BODY_CASES: readonly ChaosCase[] = [
  {
    name: 'big-bodies',
    shows: ['thread-blocked'],
    attack: 'bodies of 16 MiB, of texts, documents, names and lists, one after the other and at once',
    launch: () => ({ settings: { BODY_LIMIT: String(16 * MIB) } }),
    moreBytes: MORE_BYTES,
    keepsBytes: KEPT_BYTES,
    run: bigBodies,
  },
];
