import { startRelevance } from '../../src/decisions/start-relevance.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import { dataFrame } from '../../src/http/sse/sse.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { answerGeneration } from '../shared/answer-generation.ts';
import { followCompletion } from '../shared/queued-request.ts';
import { embed, parseRunInput, startText, type RunInput, type RunRequest } from './run-workers-ai.ts';
import { wrap } from './schemas/workers-ai-answer.ts';
import { toRankingRequest, toRankingResult } from './schemas/workers-ai-ranking.ts';

/** Answers at once what is no batch job. */
export async function answerRun(
  c: AppContext,
  { modelId, body, wrapping }: RunRequest,
  { models, config }: AppDependencies,
): Promise<Response> {
  const { scope } = c.var;
  const run = parseRunInput(body);
  if (config.logPrompts) scope.prompt = promptOf(run);
  const { task, input } = run;
  const { engine, timeoutMs } = await useEngine(c, models, modelId, config.requestTimeoutMs);
  if (task === 'embedding') {
    const caller = { clientId: scope.clientId, budget: scope.budget, gone: c.req.raw.signal };
    return answerJson(c, wrap(await embed(engine, input, timeoutMs, caller), wrapping));
  }
  if (task === 'ranking') {
    const { completion, scores } = await startRelevance(
      engine,
      toRankingRequest(input, timeoutMs),
      callerOf(c),
    );
    followCompletion(c, completion);
    return answerJson(c, wrap(toRankingResult(input, await scores(), completion.record().usage), wrapping));
  }
  const { generation, writer } = await startText(engine, input, timeoutMs, callerOf(c), wrapping);
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
