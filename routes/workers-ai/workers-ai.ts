import { z } from 'zod';
import { BATCH_BOUNDS, BatchJobs } from '../../src/batch/batch-jobs.ts';
import { BatchRunner } from '../../src/batch/batch-runner.ts';
import { startRelevance } from '../../src/decisions/start-relevance.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { invalidField } from '../../src/errors.ts';
import { clip } from '../../src/values.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { dataFrame } from '../../src/http/sse/sse.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import { answerBatch } from './answer-batch.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { followCompletion } from '../shared/queued-request.ts';
import {
  COMPLETION_ERRORS,
  errorResponses,
  jsonContent,
  modelParam,
  streamableResponse,
} from '../openapi-parts.ts';
import { answerGeneration } from '../shared/answer-generation.ts';
import { embed, parseRunInput, startText, type RunInput } from './run-workers-ai.ts';
import { workersAiErrorSchema } from '../shared/schemas/errors.ts';
import { workersAiRequestSchema } from './schemas/workers-ai.ts';
import { toEnvelope, workersAiChunkSchema, workersAiResponseSchema } from './schemas/workers-ai-answer.ts';
import {
  batchPollSchema,
  batchRequestSchema,
  batchResponseSchema,
  batchStatusSchema,
} from './schemas/workers-ai-batch.ts';
import {
  workersAiEmbeddingRequestSchema,
  workersAiEmbeddingResponseSchema,
} from './schemas/workers-ai-embeddings.ts';
import {
  toRankingRequest,
  toRankingResult,
  workersAiRankingRequestSchema,
  workersAiRankingResponseSchema,
} from './schemas/workers-ai-ranking.ts';

const QUEUE_PARAM = 'queueRequest';

/** Text generation, embeddings, rankings and batch jobs as Cloudflare Workers AI has them. A model id may hold slashes. */
export const workersAiRoute = defineRoute({
  path: '/ai/run/:model{.+}',
  api: 'workers-ai',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'runModel',
      tags: ['Workers AI'],
      summary: 'Generate text, embed texts, or rank them; now, or in a batch job',
      requestParams: {
        path: modelParam,
        query: z.object({
          [QUEUE_PARAM]: z.enum(['true', 'false']).optional().meta({
            description:
              'True: the body is a batch job (WorkersAiBatchRequest), or asks how one stands (WorkersAiBatchPoll).',
          }),
        }),
      },
      requestBody: {
        required: true,
        ...jsonContent(
          z.union([
            workersAiRequestSchema,
            workersAiEmbeddingRequestSchema,
            workersAiRankingRequestSchema,
            batchRequestSchema,
            batchPollSchema,
          ]),
        ),
      },
      responses: {
        200: streamableResponse(
          'The text and its usage; or embeddings; or a ranking; or how a batch job stands, and its answers once it is done.',
          z.union([
            workersAiResponseSchema,
            workersAiEmbeddingResponseSchema,
            workersAiRankingResponseSchema,
            batchStatusSchema,
            batchResponseSchema,
          ]),
          z.union([workersAiChunkSchema, workersAiErrorSchema]),
        ),
        ...errorResponses([...COMPLETION_ERRORS, 'output_incomplete', 'not_found'], 'workers-ai'),
      },
    },
  }),
  createHandlers: (dependencies) => {
    const batches = createBatches(dependencies);
    return {
      post: async (c) => {
        const modelId = c.req.param('model');
        return asksForQueue(c)
          ? answerBatch(c, modelId, dependencies, batches)
          : runModel(c, modelId, dependencies);
      },
    };
  },
});

function createBatches({ models, logger, ownProcess }: AppDependencies): {
  jobs: BatchJobs;
  runner: BatchRunner;
} {
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

/** @throws EngineError `invalid_request` for any other parameter, which would be ignored */
function asksForQueue(c: AppContext): boolean {
  const query = c.req.query();
  for (const name of Object.keys(query)) {
    if (name !== QUEUE_PARAM)
      throw invalidField(clip(name), 'is not a parameter of this URL; only queueRequest is');
  }
  const { [QUEUE_PARAM]: value = 'false' } = query;
  if (value !== 'true' && value !== 'false') throw invalidField(QUEUE_PARAM, 'must be true or false');
  return value === 'true';
}

async function runModel(
  c: AppContext,
  modelId: string,
  { models, config }: AppDependencies,
): Promise<Response> {
  const { scope } = c.var;
  models.checkRoom(scope.clientId);
  const run = parseRunInput(await readJsonBody(c, config.bodyLimitBytes));
  if (config.logPrompts) scope.prompt = promptOf(run);
  const { task, input } = run;
  const { engine, timeoutMs } = await useEngine(c, models, modelId, config.requestTimeoutMs);
  if (task === 'embedding') {
    const caller = { clientId: scope.clientId, budget: scope.budget, gone: c.req.raw.signal };
    return answerJson(c, toEnvelope(await embed(engine, input, timeoutMs, caller)));
  }
  if (task === 'ranking') {
    const { completion, scores } = await startRelevance(
      engine,
      toRankingRequest(input, timeoutMs),
      callerOf(c),
    );
    followCompletion(c, completion);
    return answerJson(c, toEnvelope(toRankingResult(input, await scores(), completion.record().usage)));
  }
  const { generation, writer } = await startText(engine, input, timeoutMs, callerOf(c));
  return answerGeneration(c, generation, writer, {
    isStreamed: input.stream === true,
    pingIntervalMs: config.ssePingIntervalMs,
    toFrame: dataFrame,
  });
}

/** For the log, where the operator wants it. */
function promptOf({ task, input }: RunInput): unknown {
  if (task === 'embedding') return input.text;
  return task === 'ranking' ? input.query : (input.prompt ?? input.messages);
}
