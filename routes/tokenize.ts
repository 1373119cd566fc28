import { Hono } from 'hono';
import type { Engine } from '../src/engine/engine.ts';
import { EngineError } from '../src/errors.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import { readJsonBody } from '../src/http/json-body.ts';
import { useEngine } from '../src/http/use-engine.ts';
import { withinDeadline } from '../src/engine/client/within-deadline.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { parseInput } from './schemas/parse-input.ts';
import {
  detokenizeRequestSchema,
  tokenizeRequestSchema,
  type DetokenizeBody,
  type TokenizeBody,
} from './schemas/tokenize.ts';

/** Text to token ids and back, as vLLM has it. */
export function tokenizeRoutes({ models, config }: AppDependencies): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post('/tokenize', async (c) => {
    const input = parseInput(tokenizeRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
    const text = input.prompt ?? input.text;
    if (text === undefined || (input.prompt !== undefined && input.text !== undefined)) {
      throw new EngineError('invalid_request', 'send prompt or text, exactly one of them', {
        param: 'prompt',
      });
    }
    const { engine, timeoutMs } = await useEngine(c, models, input.model, config.requestTimeoutMs);
    const { clientId } = c.var.scope;
    const addSpecialTokens = input.add_special_tokens ?? true;
    // It computes nothing, but waits among those who do for its text to be tokenised.
    const reservation = engine.reserve(1, clientId);
    const [encoded] = await withinDeadline({ gone: c.req.raw.signal, timeoutMs }, (signal) =>
      engine.tokenizer.encode([text], { addSpecialTokens }, { clientId, signal }),
    ).finally(() => reservation.release());
    const tokens = encoded?.tokenIds ?? [];
    const body: TokenizeBody = { tokens, count: tokens.length, max_model_len: engine.model.contextLength };
    return c.json(body);
  });
  routes.post('/detokenize', async (c) => {
    const { model, tokens } = parseInput(
      detokenizeRequestSchema,
      await readJsonBody(c, config.bodyLimitBytes),
    );
    const { engine } = await useEngine(c, models, model, config.requestTimeoutMs);
    // What follows is done at once; it only must not be had while others are turned away.
    engine.reserve(1, c.var.scope.clientId).release();
    const { vocabSize } = engine.model;
    const index = tokens.findIndex((tokenId) => tokenId >= vocabSize);
    if (index !== -1) {
      const message = `tokens[${index}] is ${tokens[index]}, outside the vocabulary (0 to ${vocabSize - 1})`;
      throw new EngineError('invalid_request', message, { param: `tokens[${index}]` });
    }
    checkTextSize(engine, tokens, config.bodyLimitBytes);
    const body: DetokenizeBody = { prompt: engine.tokenizer.decode(tokens) };
    return c.json(body);
  });
  return routes;
}

/** A token may be a hundred bytes: what comes back is counted before it is put together. */
function checkTextSize({ tokenizer }: Engine, tokens: readonly number[], limitBytes: number): void {
  const numBytes = tokenizer.numBytes(tokens);
  if (numBytes <= limitBytes) return;
  throw new EngineError(
    'invalid_request',
    `tokens stand for ${numBytes} bytes of text; at most ${limitBytes} are given back (BODY_LIMIT)`,
    { param: 'tokens' },
  );
}
