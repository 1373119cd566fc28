import { Hono } from 'hono';
import type { Completion, FinishReason } from '../src/engine/engine.ts';
import type { AppContext, AppEnv } from '../src/http/app-env.ts';
import { callerOf } from '../src/http/caller.ts';
import { onClientGone, streamEvents } from '../src/http/event-stream.ts';
import { readJsonBody } from '../src/http/json-body.ts';
import { dataFrame } from '../src/http/sse.ts';
import { startChat } from '../src/engine/client/start-chat.ts';
import { startCompletion } from '../src/engine/client/start-completion.ts';
import { useEngine } from '../src/http/use-engine.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { parseInput } from './schemas/parse-input.ts';
import {
  toWorkersAiBody,
  toWorkersAiChunk,
  toWorkersAiDemand,
  toWorkersAiLastChunk,
  workersAiRequestSchema,
} from './schemas/workers-ai.ts';

/** A model id may hold slashes. */
const MODEL = ':model{.+}';

/** Text generation as Cloudflare Workers AI has it; the account id of its long path is not looked at. */
export function workersAiRoutes({ models, config }: AppDependencies): Hono<AppEnv> {
  const run = async (c: AppContext): Promise<Response> => {
    const { scope } = c.var;
    models.checkRoom(scope.clientId);
    const input = parseInput(workersAiRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
    if (config.logPrompts) scope.prompt = input.prompt ?? input.messages;
    const { engine, timeoutMs } = await useEngine(c, models, c.req.param('model'), config.requestTimeoutMs);
    const hasChatTemplate = engine.tokenizer.chatTemplate !== undefined;
    const demand = toWorkersAiDemand(input, timeoutMs, hasChatTemplate);
    const { completion } =
      'messages' in demand
        ? await startChat(engine, demand, callerOf(c))
        : await startCompletion(engine, demand, callerOf(c));
    scope.attachCompletion(completion);
    const onDisconnect = (): void => completion.cancel('disconnect');
    if (input.stream === true) {
      const frames = toFrames(completion);
      return streamEvents(c, { frames, pingIntervalMs: config.ssePingIntervalMs, onDisconnect });
    }
    onClientGone(c, onDisconnect);
    let response = '';
    for await (const event of completion) if (event.type === 'delta') response += event.text;
    return c.json(toWorkersAiBody(response, finishReasonOf(completion), completion.record().usage));
  };
  const routes = new Hono<AppEnv>();
  routes.post(`/ai/run/${MODEL}`, run);
  routes.post(`/client/v4/accounts/:account_id/ai/run/${MODEL}`, run);
  return routes;
}

const finishReasonOf = (completion: Completion): FinishReason =>
  completion.record().finishReasons[0] ?? 'abort';

async function* toFrames(completion: Completion): AsyncGenerator<string> {
  for await (const event of completion) {
    if (event.type === 'delta' && event.text !== '') yield dataFrame(toWorkersAiChunk(event.text));
  }
  yield dataFrame(toWorkersAiLastChunk(finishReasonOf(completion), completion.record().usage));
}
