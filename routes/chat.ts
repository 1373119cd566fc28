import { Hono } from 'hono';
import type { AppContext, AppEnv } from '../src/http/app-env.ts';
import { onClientGone, streamEvents } from '../src/http/event-stream.ts';
import { readJsonBody } from '../src/http/json-body.ts';
import { toChatBodyId } from '../src/http/request-id.ts';
import { dataFrame } from '../src/http/sse.ts';
import { startChat } from '../src/http/start-chat.ts';
import type { StartedCompletion } from '../src/http/start-completion.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { ChatChunks } from './schemas/chat-chunks.ts';
import { chatRequestSchema, toChatDemand, type ChatInput } from './schemas/chat.ts';
import { parseInput } from './schemas/parse-input.ts';

/** OpenAI's chat completion, by the model's own chat template. */
export function chatRoutes({ engine, config }: AppDependencies): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post('/v1/chat/completions', async (c) => {
    const { scope } = c.var;
    const input = parseInput(chatRequestSchema, await readJsonBody(c.req.raw, config.bodyLimitBytes));
    scope.model = engine.model.id;
    if (config.logPrompts) scope.prompt = input.messages;
    const demand = toChatDemand(input, engine.model, config.requestTimeoutMs);
    const started = await startChat(engine, demand, scope.id);
    const { completion } = started;
    scope.attachCompletion(completion);
    const onDisconnect = (): void => completion.cancel('disconnect');
    const chunks = chunksOf(c, input, started);
    if (input.stream === true) {
      const frames = toFrames(chunks, started, input.stream_options?.include_usage === true);
      return streamEvents(c, { frames, pingIntervalMs: config.ssePingIntervalMs, onDisconnect });
    }
    onClientGone(c, onDisconnect);
    const collected = chunks.opening();
    for await (const event of completion) collected.push(...chunks.toChunks(event));
    return c.json(chunks.join(collected, completion.record().usage));
  });
  return routes;

  function chunksOf(c: AppContext, input: ChatInput, { demand, prompts }: StartedCompletion): ChatChunks {
    return new ChatChunks({
      id: toChatBodyId(c.var.scope.id),
      created: Math.floor(Date.now() / 1000),
      model: engine.model.id,
      tokenizer: engine.tokenizer,
      n: demand.n,
      numDropped: prompts[0]?.numDropped ?? 0,
      withLogprobs: demand.numLogprobs !== undefined,
      withTokenIds: input.return_token_ids === true,
      withUsage: input.stream === true && input.stream_options?.include_usage === true,
    });
  }
}

async function* toFrames(
  chunks: ChatChunks,
  { completion }: StartedCompletion,
  withUsage: boolean,
): AsyncGenerator<string> {
  yield chunks.opening().map(dataFrame).join('');
  for await (const event of completion) {
    const frames = chunks.toChunks(event).map(dataFrame).join('');
    if (frames !== '') yield frames;
  }
  if (withUsage) yield dataFrame(chunks.usageChunk(completion.record().usage));
}
