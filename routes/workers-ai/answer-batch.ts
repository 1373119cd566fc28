import { randomUUID } from 'node:crypto';
import type { BatchJob, BatchWork, ItemAnswer } from '../../src/batch/batch-job.ts';
import { BATCH_BOUNDS, batchClientId, BatchJobs } from '../../src/batch/batch-jobs.ts';
import { BatchRunner, type Batches } from '../../src/batch/batch-runner.ts';
import { clip } from '../../src/values.ts';
import { EngineError } from '../../src/errors.ts';
import { checkMayUse, hideOthers } from '../../src/http/middleware/use-engine.ts';
import { answerInPieces } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { noOwner } from '../../src/http/middleware/visible-owner.ts';
import { runForKey, type KeyHolder } from '../../src/http/middleware/run-for-key.ts';
import type { AppDependencies, RouteDependencies } from '../app-dependencies.ts';
import { startChat } from '../openai/chat.ts';
import { writeWhole } from '../shared/answer-generation.ts';
import { parseBatchInput, withoutUnknownValues, type BatchInput, type RunRequest } from './run-input.ts';
import { embed, startText } from './run-workers-ai.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import type { Wrapping } from './schemas/workers-ai-answer.ts';
import {
  batchBodyPieces,
  batchPollSchema,
  batchRequestSchema,
  fromRequestJson,
  toEntry,
  toFailedEntry,
  toRequestJson,
  toStatusBody,
} from './schemas/workers-ai-batch.ts';

/** Of all paths of Workers AI together. */
export function createBatches({ models, logger, ownProcess }: AppDependencies): Batches {
  const now = (): number => performance.now();
  const jobs = new BatchJobs(BATCH_BOUNDS, now);
  ownProcess?.memory.onRelease(() => jobs.release());
  const runner = new BatchRunner({
    jobs,
    models,
    now,
    isShort: () => ownProcess?.memory.isShort === true,
    onDone: ({ id, modelId, numItems }) =>
      logger.info({ batchId: id, model: modelId, numItems }, 'batch job done'),
    onDefect: (err) => logger.error({ err }, 'an item of a batch job met a defect'),
  });
  return { jobs, runner };
}

/** Takes a batch job, or says how one stands. */
export async function answerBatch(
  c: AppContext,
  { modelId: asked, body, wrapping }: RunRequest,
  dependencies: RouteDependencies,
): Promise<Response> {
  const { models } = dependencies;
  const { jobs, runner } = dependencies.batches;
  const { principal, ownerId, hasOwner } = c.get('scope');
  if (!hasOwner) throw noOwner('queueRequest');
  await checkMayUse(principal, models, asked);
  const modelId = await hideOthers(principal, models.idOf(asked));
  if ('request_id' in body) {
    const { request_id: id } = parseInput(batchPollSchema, body);
    const job = jobs.find(id, ownerId);
    if (job?.modelId === modelId) return answerPoll(c, job, jobs, wrapping);
    throw new EngineError('not_found', `there is no batch job '${clip(id)}' of yours for this model`, {
      param: 'request_id',
    });
  }
  const { requests } = parseInput(batchRequestSchema, body);
  const job = runner.add({
    id: randomUUID(),
    ownerId,
    modelId,
    requests: requests.map((request) =>
      toRequestJson({ ...request, body: withoutUnknownValues({ modelId: asked, body: request.body }) }),
    ),
    work: createWork(dependencies, { modelId, asked, ownerId, keyId: principal.keyId }),
  });
  return c.json(toStatusBody({ id: job.id, modelId, status: 'queued' }, wrapping));
}

function answerPoll(c: AppContext, job: BatchJob, jobs: BatchJobs, wrapping: Wrapping): Response {
  const { id, modelId, status } = job;
  if (status !== 'done') return c.json(toStatusBody({ id, modelId, status }, wrapping));
  const pieces = batchBodyPieces(job.entries(), job.usage, wrapping);
  return answerInPieces(
    c,
    thenCall(pieces, () => jobs.markFetched(job)),
  );
}

/** The pieces; once the last was taken, `done` is called. */
function* thenCall(pieces: Iterable<string>, done: () => void): Generator<string> {
  yield* pieces;
  done();
}

interface JobOwner {
  readonly modelId: string;
  /** What the client called the model. */
  readonly asked: string | undefined;
  readonly ownerId: string;
  /** Of the API key that the job came with. */
  readonly keyId: string | undefined;
}

function createWork({ access, metrics, ...dependencies }: AppDependencies, owner: JobOwner): BatchWork {
  return {
    run: async (index, text, onSubmitted) => {
      const request = fromRequestJson(text);
      const input = parseBatchInput({ modelId: owner.asked, body: request.body });
      const { result, usage } = await runForKey(access, metrics, owner.keyId, (holder) =>
        runItem(dependencies, owner, input, { ...holder, onSubmitted }),
      );
      return { entry: toEntry(index, request, result), usage };
    },
    toFailure: (index, text, error) => toFailedEntry(index, fromRequestJson(text), error, randomUUID()),
  };
}

/** An item as one more request, of a client of its own; the answer comes whole. */
async function runItem(
  { models, config }: Pick<AppDependencies, 'models' | 'config'>,
  { modelId, ownerId }: JobOwner,
  run: BatchInput,
  { principal, budget, onSubmitted }: KeyHolder & { onSubmitted: () => void },
): Promise<{ result: unknown } & Pick<ItemAnswer, 'usage'>> {
  await checkMayUse(principal, models, modelId);
  const clientId = batchClientId(ownerId);
  const { requestTimeoutMs: timeoutMs } = config;
  const gone = new AbortController().signal;
  const lease = await models.acquire(modelId, { timeoutMs, signal: gone, clientId });
  try {
    const { engine } = lease;
    if (run.task === 'embedding') {
      // It holds its slot in the queue to its end, so that no other item starts beside it.
      const result = await embed(engine, run.input, timeoutMs, { clientId, budget, gone });
      const usage = { numPromptTokens: result.usage.prompt_tokens, numGeneratedTokens: 0 };
      return { result, usage };
    }
    // A new id each time: the owner knows none of them, so that no request of its own can have it.
    const caller = { id: randomUUID(), clientId, ownerId, budget, gone };
    const { generation, writer } =
      run.task === 'chat'
        ? await startChat(engine, run.input, timeoutMs, caller)
        : await startText(engine, run, timeoutMs, caller, 'bare');
    onSubmitted();
    try {
      await writeWhole(generation, writer);
      return { result: writer.body, usage: generation.completion.record().usage };
    } finally {
      const { usage } = generation.completion.record();
      budget.spend(usage.numPromptTokens, usage.numGeneratedTokens);
    }
  } finally {
    lease.release();
  }
}
