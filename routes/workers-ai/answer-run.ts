import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import type { Operation } from '../../src/http/route-facts.ts';
import { dataFrame } from '../../src/http/sse/sse.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { answerChat } from '../openai/chat.ts';
import { answerResponse } from '../responses/responses.ts';
import { RESPONSE_FIELD_NAMES } from '../responses/schemas/response-request.ts';
import { answerGeneration, type WrapBody } from '../shared/answer-generation.ts';
import { followCompletion, keepsPrompts } from '../shared/queued-request.ts';
import { parseRunInput, type RunInput, type RunRequest } from './run-input.ts';
import { asModelCan, embed, startScores, startText } from './run-workers-ai.ts';
import { wrap } from './schemas/workers-ai-answer.ts';

/** Answers at once what is no batch job. */
export async function answerRun(
  c: AppContext,
  { modelId, body, wrapping }: RunRequest,
  dependencies: AppDependencies,
): Promise<Response> {
  const { models, config } = dependencies;
  const scope = c.get('scope');
  const run = parseRunInput({ modelId, body });
  scope.answersWhole = body['stream'] !== true;
  if (keepsPrompts(config)) scope.prompt = promptOf(run);
  scope.operation = operationOf(run);
  const wrapBody: WrapBody = (written) => wrap(written, wrapping);
  switch (run.task) {
    case 'chat':
      return answerChat(c, dependencies, { ...run.input, model: modelId ?? run.input.model }, wrapBody);
    case 'response': {
      scope.facts = { ...scope.facts, fieldNames: RESPONSE_FIELD_NAMES };
      return answerResponse(c, dependencies, { ...run.input, model: modelId ?? run.input.model }, wrapBody);
    }
  }
  const { engine, timeoutMs } = await useEngine(c, models, modelId, config.requestTimeoutMs);
  if (run.task === 'embedding') {
    const caller = { clientId: scope.clientId, budget: scope.budget, gone: c.req.raw.signal };
    return answerJson(c, wrapBody(await embed(engine, run.input, timeoutMs, caller)));
  }
  const asked = asModelCan(engine, run);
  if (asked.task !== 'text') {
    const { completion, result } = await startScores(engine, asked, timeoutMs, callerOf(c));
    followCompletion(c, completion);
    return answerJson(c, wrapBody(await result()));
  }
  const { generation, writer } = await startText(engine, asked, timeoutMs, callerOf(c), wrapping);
  return answerGeneration(c, generation, writer, {
    isStreamed: asked.input.stream === true,
    pingIntervalMs: config.ssePingIntervalMs,
    toFrame: dataFrame,
  });
}

/** What traces call it. */
function operationOf(run: RunInput): Operation | undefined {
  switch (run.task) {
    case 'text':
      return run.input.messages === undefined ? 'text_completion' : 'chat';
    case 'chat':
    case 'response':
      return 'chat';
    case 'embedding':
      return 'embeddings';
    default:
      return undefined;
  }
}

/** For the log and traces, where the operator wants it. */
function promptOf(run: RunInput): unknown {
  switch (run.task) {
    case 'text':
      return run.input.prompt ?? run.input.messages;
    case 'chat':
      return run.input.messages;
    case 'response':
      return run.input.input;
    case 'embedding':
      return run.input.text ?? [run.input.queries, run.input.documents];
    case 'ranking':
      return run.input.query;
    case 'verdict':
      return run.prompt;
    case 'decision':
      return run.input.state;
  }
}
