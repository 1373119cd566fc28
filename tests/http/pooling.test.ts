import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openAiError } from '../support/error-bodies.ts';
import { expectClose } from '../support/compare.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { fixturePath, readJsonFixture } from '../support/fixtures.ts';
import { post, type Answer } from '../support/http-client.ts';
import { startHttpService } from '../support/http-service.ts';

/** Embeddings of a model whose files say how they are pooled, against sentence-transformers on the same files. */

interface Golden {
  readonly mode: string;
  readonly postProcessor: object | null;
  readonly modules: object[];
  readonly config: object;
  readonly oldConfig: object;
  readonly numTokens: number[];
  readonly embeddings: number[][];
  /** Of so many numbers. */
  readonly cut: number[][];
}

const { texts, numDimensions, goldens } = readJsonFixture('pooling.json') as {
  texts: string[];
  numDimensions: number;
  goldens: Golden[];
};
const root = mkdtempSync(join(tmpdir(), 'tokenflare-pooling-'));
afterAll(() => rmSync(root, { recursive: true }));
let numModels = 0;

function makeDirectory({
  modules,
  config,
  postProcessor,
}: Pick<Golden, 'modules' | 'config'> & Partial<Golden>): string {
  const path = join(root, `model-${numModels++}`);
  cpSync(fixturePath('tiny-gpt2'), path, { recursive: true });
  const write = (name: string, value: object): void => writeFileSync(join(path, name), JSON.stringify(value));
  write('modules.json', modules);
  mkdirSync(join(path, '1_Pooling'));
  write('1_Pooling/config.json', config);
  if (postProcessor) {
    const tokenizer = JSON.parse(readFileSync(join(path, 'tokenizer.json'), 'utf8')) as object;
    write('tokenizer.json', { ...tokenizer, post_processor: postProcessor });
  }
  return path;
}

const text = (value: string): Uint8Array => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([length, Buffer.from(value)]);
};
const int32 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** A copy of a GGUF file with further metadata, of a length that leaves the tensors aligned. */
function makeGguf(name: string, poolingType: number, addsEos: boolean): string {
  const file = readFileSync(fixturePath('gguf', name));
  const entries: Uint8Array[] = [Buffer.concat([text('gpt2.pooling_type'), int32(4), int32(poolingType)])];
  if (addsEos) entries.push(Buffer.concat([text('tokenizer.ggml.add_eos_token'), int32(7), Buffer.of(1)]));
  const padding = (value: string): Uint8Array => Buffer.concat([text('p'), int32(8), text(value)]);
  const numBytes = Buffer.concat([...entries, padding('')]).length;
  entries.push(padding('x'.repeat((32 - (numBytes % 32)) % 32)));
  const header = Buffer.from(file.subarray(0, 24));
  header.writeBigUInt64LE(header.readBigUInt64LE(16) + BigInt(entries.length), 16);
  const path = join(root, `model-${numModels++}.gguf`);
  writeFileSync(path, Buffer.concat([header, ...entries, file.subarray(24)]));
  return path;
}

/** What a service of that model answers. */
async function asked(path: string, ...bodies: { path?: string; body: object }[]): Promise<Answer[]> {
  const engine = await createEngineOf({ MODEL: path, MODEL_ID: 'tiny', RUNTIME: 'cpu' });
  await engine.start();
  const service = await startHttpService(engine);
  try {
    const answers: Answer[] = [];
    for (const { path: route = '/v1/embeddings', body } of bodies)
      answers.push(await post(service, route, body));
    return answers;
  } finally {
    await service.close();
    await engine.stop();
  }
}

function vectorsOf(
  { json, status, text: shown }: Answer | undefined = { json: {}, status: 0, text: '', headers: {} },
): number[][] {
  expect(status, shown).toBe(200);
  return (json as { data: { embedding: number[] }[] }).data.map(({ embedding }) => embedding);
}

const closeTo = (actual: number[][], expected: number[][]): void => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((vector, index) => expectClose(actual[index] ?? [], vector, 1e-5));
};

describe('embeddings are those of sentence-transformers', () => {
  it.each(goldens)('by $mode, with $postProcessor.type behind the text', async (golden) => {
    const [whole, cut] = await asked(
      makeDirectory(golden),
      { body: { input: texts } },
      { body: { input: texts, dimensions: numDimensions } },
    );
    closeTo(vectorsOf(whole), golden.embeddings);
    closeTo(vectorsOf(cut), golden.cut);
    const numTokens = golden.numTokens.reduce((sum, count) => sum + count, 0);
    expect(whole?.json).toMatchObject({ usage: { prompt_tokens: numTokens } });
  });

  it.each(goldens.filter(({ mode }) => mode === 'lasttoken' || mode === 'max'))(
    'by $mode as older files say it',
    async (golden) => {
      const [answer] = await asked(makeDirectory({ ...golden, config: golden.oldConfig }), {
        body: { input: texts },
      });
      closeTo(vectorsOf(answer), golden.embeddings);
    },
  );

  const [mean, cls, last] = goldens;
  const lastWithEnd = goldens.at(-1);
  it.each([
    ['mean', 1, false, mean],
    ['cls', 2, false, cls],
    ['the last token', 3, false, last],
    ['the last token, which is end-of-text', 3, true, lastWithEnd],
  ])('by %s as a GGUF file says it', async (_, poolingType, addsEos, golden) => {
    const path = makeGguf('tiny-gpt2-f32.gguf', poolingType, addsEos);
    const [answer] = await asked(path, { body: { input: texts } });
    closeTo(vectorsOf(answer), golden?.embeddings ?? []);
  });

  it("by another way where Cloudflare's field asks for it", async () => {
    const run = (pooling: string | undefined) => ({ path: '/ai/run/tiny', body: { text: texts, pooling } });
    const answers = await asked(makeDirectory(last ?? goldens[0]!), run(undefined), run('mean'), run('cls'));
    const results = answers.map(
      ({ json }) => (json as { result: { data: number[][]; pooling?: string } }).result,
    );
    expect(results.map(({ pooling }) => pooling)).toEqual([undefined, 'mean', 'cls']);
    closeTo(results[0]?.data ?? [], last?.embeddings ?? []);
    closeTo(results[1]?.data ?? [], mean?.embeddings ?? []);
    closeTo(results[2]?.data ?? [], last?.embeddings ?? []);
  });
});

describe('a model that embeds by what is not computed here', () => {
  const [golden] = goldens;
  const dense = { idx: 2, name: '2', path: '2_Dense', type: 'sentence_transformers.models.Dense' };
  it.each([
    [
      'a further layer',
      () => makeDirectory({ modules: [...(golden?.modules ?? []), dense], config: {} }),
      /Dense/,
    ],
    [
      'two vectors in a row',
      () => makeDirectory({ modules: golden?.modules ?? [], config: { pooling_mode: ['mean', 'cls'] } }),
      /2 in a row/,
    ],
    [
      'an unknown way',
      () => makeDirectory({ modules: golden?.modules ?? [], config: { pooling_mode: 'x' } }),
      /"x"/,
    ],
    ['a rank in a GGUF file', () => makeGguf('tiny-gpt2-f32.gguf', 4, false), /reranker/],
  ])('is told: %s, and generates texts all the same', async (_, make, message) => {
    const [embedding, generated] = await asked(
      make(),
      { body: { input: 'a' } },
      { path: '/v1/completions', body: { prompt: 'a', max_tokens: 1 } },
    );
    expect(embedding?.status).toBe(400);
    expect(openAiError(embedding!).message).toMatch(message);
    expect(generated?.status).toBe(200);
  });
});
