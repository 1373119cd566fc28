import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anySchema } from '../support/grammar/any-schema.ts';
import { complaintOf, validatorOf } from '../support/grammar/json-schema.ts';
import { build, spawnService, urlOf, type ServiceProcess } from '../support/process.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { EMBEDDED_MODEL } from '../support/service.ts';
import { smollm2Gguf } from '../support/smollm2.ts';
import { postJson, sseData } from '../support/sse.ts';

const AT_ONCE = 8;
const MAX_TOKENS = 64;
const MESSAGES = [{ role: 'user', content: 'Tell me of a fox and a crow.' }];
/** The same in each run: another seed gives others. */
const SCHEMAS = fc.sample(anySchema, { numRuns: 500, seed: 20 });

interface Chunk {
  choices: { delta: { content?: string }; finish_reason: string | null }[];
}

interface Answer {
  text: string;
  finish: string | null;
}

/** What a refusal says of the field at fault. */
class Refusal extends Error {
  readonly param: string;

  constructor({ message, param }: { message: string; param: string | null }) {
    super(message);
    this.param = param ?? '';
  }
}

async function chat(url: string, body: object): Promise<Answer> {
  const response = await postJson(`${url}/v1/chat/completions`, {
    messages: MESSAGES,
    temperature: 1,
    max_tokens: MAX_TOKENS,
    stream: true,
    ...body,
  });
  if (!response.ok) {
    expect(response.status, await response.clone().text()).toBe(400);
    throw new Refusal(
      ((await response.json()) as { error: { message: string; param: string | null } }).error,
    );
  }
  const answer: Answer = { text: '', finish: null };
  for await (const data of sseData(response)) {
    if (data === '[DONE]') return answer;
    const [choice] = (JSON.parse(data) as Chunk).choices;
    answer.text += choice?.delta.content ?? '';
    answer.finish = choice?.finish_reason ?? answer.finish;
  }
  throw new Error('the stream broke');
}

const formatOf = (schema: object): object => ({
  response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
});

/** The fewest tokens that a text of the schema takes: the refusal of one token names them. */
async function fewestTokens(url: string, schema: object): Promise<number> {
  try {
    await chat(url, { ...formatOf(schema), max_tokens: 1 });
    return 1;
  } catch (error) {
    if (!(error instanceof Refusal) || error.param !== 'max_tokens') throw error;
    return Number(/takes (\d+)$/.exec(error.message)?.[1]);
  }
}

const gguf = await smollm2Gguf();
const RUNTIME = RUNTIME_NAMES_HERE.find((name) => name === 'native' || name === 'wasm');
const MODELS = [
  ['the embedded model', EMBEDDED_MODEL, SCHEMAS],
  // Another vocabulary, and ten times the time.
  ['SmolLM2-135M-Instruct', gguf.path, SCHEMAS.slice(0, 100)],
] as const;

describe.each(MODELS)('answers in a format, by %s', (_, model, schemas) => {
  let service: ServiceProcess;
  let url: string;
  const counts = { whole: 0, cut: 0, refused: 0 };

  beforeAll(async () => {
    if (model === undefined || RUNTIME === undefined) return;
    build();
    service = spawnService({ MODEL: model, RUNTIME, MAX_NUM_SEQS: '10', MAX_MODEL_LEN: '256' });
    url = await urlOf(service);
  });

  afterAll(async () => {
    service.child.kill();
    await service.exited;
  });

  async function check(schema: object, index: number): Promise<void> {
    const body = { ...formatOf(schema), seed: index };
    try {
      const isCut = index % 2 === 1;
      const maxTokens = isCut ? (await fewestTokens(url, schema)) + (index % 5) : MAX_TOKENS;
      const { text, finish } = await chat(url, { ...body, max_tokens: maxTokens });
      const complaint = complaintOf(validatorOf(schema), text);
      if (complaint !== undefined) {
        expect.unreachable(
          `${index}, ${maxTokens} tokens: ${text} of ${JSON.stringify(schema)}: ${complaint}`,
        );
      }
      expect(['stop', 'length']).toContain(finish);
      counts[finish === 'length' ? 'cut' : 'whole']++;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      expect(error.param).toMatch(/^(response_format|max_tokens)/);
      counts.refused++;
    }
  }

  it.skipIf(model === undefined || RUNTIME === undefined)(
    `${schemas.length} schemas, eight at once: each text is valid, and a free stream beside them is as it is alone`,
    async () => {
      const alone = await chat(url, { seed: 7 });
      expect(alone.text.length).toBeGreaterThan(50);
      for (let start = 0; start < schemas.length; start += AT_ONCE) {
        const batch = schemas.slice(start, start + AT_ONCE);
        const [free] = await Promise.all([
          chat(url, { seed: 7 }),
          ...batch.map((schema, i) => check(schema, start + i)),
        ]);
        expect(free).toEqual(alone);
      }
      console.info(
        `${counts.whole} ended by themselves, ${counts.cut} by their tokens, ${counts.refused} were refused`,
      );
      // Most are taken, and both ends are met.
      expect(counts.whole).toBeGreaterThan(schemas.length / 10);
      expect(counts.cut).toBeGreaterThan(schemas.length / 10);
      expect(counts.refused).toBeLessThan(schemas.length / 2);
    },
    600_000,
  );
});
