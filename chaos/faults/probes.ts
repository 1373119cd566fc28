import { parseJson } from '../fuzz/fuzz-script.ts';
import type { Answer, Client } from '../support/client.ts';

/** What a probe found: nothing, or why what was asked for did not come. */
export type ProbeFault = string | undefined;

/** Something that people use, which reads and writes some of `WRITTEN_FILES`. */
export interface Probe {
  /** For people, and unique. */
  readonly name: string;
  /** Names of `WRITTEN_FILES` without which it cannot do what it did: it may then say so by an error. */
  readonly needs: readonly string[];
  /** Names of `WRITTEN_FILES` that it writes, or reads where they are of use. */
  readonly uses: readonly string[];
  /**
   * Where what it writes cannot be kept, it may fail, and the service says this, in its log or on standard error;
   * undefined: it never fails.
   */
  readonly loss: RegExp | undefined;
  /** @param number differs for each round */
  run(client: Client, number: number): Promise<ProbeFault>;
}

const LIMIT_MS = 60_000;
const INDEXES = '/client/v4/accounts/a/vectorize/v2/indexes';
const INDEX = 'probed';
const GATEWAY = '/gateway/a/b/openai/chat/completions';
const LOGS = '/client/v4/accounts/a/ai-gateway/gateways/b/logs';
const HELLO = [{ role: 'user', content: 'hello' }];
const GREEDY = { max_tokens: 4, temperature: 0 };
/** Some 600 tokens: more than the 256 from which on a prefix is kept on disk. */
const LONG_PROMPT = 'Once upon a time there was a little rabbit. '.repeat(60);
const PERSON = {
  type: 'json_schema',
  json_schema: {
    name: 'a',
    schema: { type: 'object', properties: { a: { enum: ['b', 'c'] } }, required: ['a'] },
  },
};

const faultOf = ({ status, text, error }: Answer, what: string): ProbeFault =>
  status === 200 ? undefined : `${what}: ${status} ${error ?? text.slice(0, 200)}`;

async function post(client: Client, path: string, body: unknown): Promise<ProbeFault> {
  return faultOf(await client.post(path, body, { limitMs: LIMIT_MS }), path);
}

async function insertAndRead(client: Client, number: number): Promise<ProbeFault> {
  const config = { dimensions: 3, metric: 'cosine' };
  const created = await client.post(INDEXES, { name: INDEX, config }, { limitMs: LIMIT_MS });
  if (created.status !== 200 && !created.text.includes('duplicate')) return faultOf(created, 'create');
  const id = `vector-${number}`;
  const inserted = await client.post(
    `${INDEXES}/${INDEX}/upsert`,
    `${JSON.stringify({ id, values: [1, number, 0] })}\n`,
    { limitMs: LIMIT_MS, headers: { 'content-type': 'application/x-ndjson' } },
  );
  if (inserted.status !== 200) return faultOf(inserted, 'upsert');
  const read = await client.post(`${INDEXES}/${INDEX}/get_by_ids`, { ids: [id] }, { limitMs: LIMIT_MS });
  return read.text.includes(`"${id}"`) ? undefined : `what was inserted: ${read.status} ${read.text}`;
}

async function logAndRead(client: Client): Promise<ProbeFault> {
  const asked = await client.post(
    GATEWAY,
    { messages: HELLO, ...GREEDY },
    { limitMs: LIMIT_MS, headers: { 'cf-aig-collect-log': 'true', 'cf-aig-skip-cache': 'true' } },
  );
  const id = asked.headers['cf-aig-log-id'];
  if (id === undefined) return faultOf(asked, GATEWAY) ?? 'no id of a log';
  return faultOf(await client.get(`${LOGS}/${id}`, { limitMs: LIMIT_MS }), 'the log');
}

async function benchmarkAndRead(client: Client): Promise<ProbeFault> {
  const body = { prompt_tokens: 8, max_tokens: 2, concurrency: [1], repeats: 1 };
  const run = await client.post('/benchmark', body, { limitMs: LIMIT_MS });
  if (run.status !== 200) return faultOf(run, '/benchmark');
  const { started_at: startedAt } = (parseJson(run.text) ?? {}) as { started_at?: string };
  const list = await client.get('/benchmark/runs', { limitMs: LIMIT_MS });
  if (startedAt === undefined || !list.text.includes(startedAt))
    return `its report: ${list.status} ${list.text}`;
  return undefined;
}

export const PROBES: readonly Probe[] = [
  {
    name: 'a completion',
    needs: [],
    uses: ['what RUNTIME=auto has measured'],
    loss: undefined,
    run: (client) => post(client, '/v1/completions', { prompt: 'Once', ...GREEDY }),
  },
  {
    name: 'a prompt whose beginning is kept on disk',
    needs: [],
    uses: ['prefixes on disk', "secret of the clients' ids"],
    loss: undefined,
    run: (client) => post(client, '/v1/completions', { prompt: LONG_PROMPT, ...GREEDY }),
  },
  {
    name: 'a chat with a format',
    needs: [],
    uses: ['API keys', 'lock of the API keys'],
    loss: undefined,
    run: (client, number) =>
      post(client, '/v1/chat/completions', {
        messages: [...HELLO, { role: 'assistant', content: `${number}` }, ...HELLO],
        ...{ max_tokens: 16, response_format: PERSON },
      }),
  },
  {
    name: 'a text embedded',
    needs: [],
    uses: [],
    loss: undefined,
    run: (client) => post(client, '/v1/embeddings', { input: 'hello' }),
  },
  {
    name: 'a file as Markdown',
    needs: [],
    uses: [],
    loss: undefined,
    run: (client) =>
      post(client, '/workers-binding/to-everything/markdown/transformer', {
        files: [{ name: 'a.html', mimeType: '', data: Buffer.from('<p>small</p>').toString('base64') }],
      }),
  },
  {
    name: 'a vector that is inserted and read',
    needs: [
      'configuration of an index of vectors',
      'numbers of an index of vectors',
      'rows of an index of vectors',
      'changes of an index of vectors',
    ],
    uses: ['lock of an index of vectors'],
    loss: /a job on vectors failed: .*(full|I\/O)/,
    run: insertAndRead,
  },
  {
    name: 'a log of a gateway that is written and read',
    needs: [],
    uses: ['logs of gateways', 'lock of a file of SQLite'],
    loss: /GATEWAY_LOGS.*logs of gateways were not kept/,
    run: logAndRead,
  },
  {
    name: 'a benchmark whose report is read',
    needs: [],
    uses: ['reports of benchmarks'],
    loss: /BENCHMARK_RESULTS.*the report of a benchmark was not kept/,
    run: benchmarkAndRead,
  },
];
