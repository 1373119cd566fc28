import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chatRequestSchema } from '../../../routes/openai/schemas/chat.ts';
import { responseRequestSchema } from '../../../routes/responses/schemas/response-request.ts';
import { checkTask, type ServedTask } from '../../../routes/workers-ai/model-task.ts';
import { workersAiEmbeddingRequestSchema } from '../../../routes/workers-ai/schemas/workers-ai-embeddings.ts';
import { workersAiRankingRequestSchema } from '../../../routes/workers-ai/schemas/workers-ai-ranking.ts';
import {
  classificationRequestSchema,
  guardRequestSchema,
  summaryRequestSchema,
  translationRequestSchema,
} from '../../../routes/workers-ai/schemas/workers-ai-tasks.ts';
import { workersAiRequestSchema } from '../../../routes/workers-ai/schemas/workers-ai.ts';
import { readCloudflareModels, taskOf, writeTable } from '../../../scripts/cloudflare-models.ts';

/** Against Cloudflare's own types. */

const models = readCloudflareModels();

it('routes/workers-ai/cloudflare-models.ts is what the types say: else run `npx tsx scripts/cloudflare-models.ts`', async () => {
  const path = new URL('../../../routes/workers-ai/cloudflare-models.ts', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(await writeTable(models));
  expect(models.length).toBeGreaterThan(90);
});

it('a name that is none of Cloudflare has no task', () => {
  expect([undefined, '', 'tokenflare-tales', '@cf/openai/gpt-oss-20', 'constructor'].map(checkTask)).toEqual(
    Array(5).fill(undefined),
  );
});

/** What reads the inputs of each task. */
const SCHEMAS: Readonly<Record<ServedTask, readonly { shape: object }[]>> = {
  text: [workersAiRequestSchema],
  chat: [chatRequestSchema, workersAiRequestSchema],
  responses: [responseRequestSchema, chatRequestSchema, workersAiRequestSchema],
  embeddings: [workersAiEmbeddingRequestSchema, workersAiRankingRequestSchema],
  ranking: [workersAiRankingRequestSchema],
  summary: [summaryRequestSchema],
  translation: [translationRequestSchema],
  classification: [classificationRequestSchema],
  guard: [guardRequestSchema],
};

/** A batch job, which has a schema of its own. */
const OF_JOBS = 'requests';

const isServed = (task: string): task is ServedTask => Object.hasOwn(SCHEMAS, task);

it.each(models)('$id has its task, or is refused by it', (model) => {
  const task = taskOf(model);
  if (isServed(task)) expect(checkTask(model.id)).toBe(task);
  else expect(() => checkTask(model.id)).toThrow(/which no model here can/);
});

describe('the inputs that the types have', () => {
  it.each(models.filter((model) => isServed(taskOf(model))))('are known fields: $id', ({ id, inputs }) => {
    const task = checkTask(id) ?? 'text';
    const known = new Set([OF_JOBS, ...SCHEMAS[task].flatMap(({ shape }) => Object.keys(shape))]);
    expect([...inputs].filter((field) => !known.has(field))).toEqual([]);
  });
});
