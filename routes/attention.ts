import { Hono } from 'hono';
import type { AttentionWeights, Engine } from '../src/engine/engine.ts';
import { assertInvariant, EngineError } from '../src/errors.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import { readJsonBody } from '../src/http/json-body.ts';
import { useEngine } from '../src/http/use-engine.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { attentionRequestSchema, MAX_ATTENTION_TOKENS, type AttentionBody } from './schemas/attention.ts';
import { parseInput } from './schemas/parse-input.ts';
import type { PromptInput } from './schemas/prompt.ts';

/** What every head looks at in a short prompt: one looks for what another is, and nothing more. */
export function attentionRoutes({ models, config }: AppDependencies): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post('/v1/attention', async (c) => {
    const input = parseInput(attentionRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
    const { engine } = await useEngine(c, models, input.model, config.requestTimeoutMs);
    checkLayers(engine, input.layers ?? []);
    const tokenIds = readTokenIds(engine, input.prompt);
    const weights = await inspect(engine, tokenIds, c.var.scope.clientId);
    const layers = (input.layers ?? [...weights.keys()]).map((index) => {
      const heads = weights[index];
      assertInvariant(heads !== undefined, `layer ${index} has weights`);
      return { index, heads };
    });
    const tokens = tokenIds.map((id) => ({ id, text: engine.tokenizer.decode([id]) }));
    const body: AttentionBody = { object: 'attention', model: engine.model.id, tokens, layers };
    return c.json(body);
  });
  return routes;
}

function checkLayers({ model: { numLayers } }: Engine, layers: readonly number[]): void {
  const at = layers.findIndex((index) => index >= numLayers);
  if (at === -1) return;
  const param = `layers[${at}]`;
  const message = `${param} is ${layers[at]}; the model has ${numLayers} layers`;
  throw new EngineError('invalid_request', message, { param });
}

/** It waits for a lane like a completion, hence it takes a place in the queue like one. */
async function inspect(
  engine: Engine,
  tokenIds: readonly number[],
  clientId: string,
): Promise<AttentionWeights> {
  const reservation = engine.reserve(1, clientId);
  try {
    return await engine.inspectAttention(tokenIds);
  } finally {
    reservation.release();
  }
}

function readTokenIds(engine: Engine, prompts: readonly PromptInput[]): readonly number[] {
  const [prompt, ...others] = prompts;
  if (prompt === undefined || others.length > 0)
    throw invalid('prompt must be one text or one list of token ids');
  const { vocabSize, contextLength } = engine.model;
  const limit = Math.min(MAX_ATTENTION_TOKENS, contextLength);
  const minNumTokens = typeof prompt === 'string' ? engine.tokenizer.minNumTokens(prompt) : prompt.length;
  if (minNumTokens > limit) throw tooLong(minNumTokens, limit);
  const tokenIds = typeof prompt === 'string' ? engine.tokenizer.encode(prompt) : prompt;
  if (tokenIds.length > limit) throw tooLong(tokenIds.length, limit);
  if (tokenIds.length === 0) throw invalid('prompt is empty; attention needs a token to look at');
  const outside = tokenIds.find((id) => id >= vocabSize);
  if (outside === undefined) return tokenIds;
  throw invalid(`prompt holds token id ${outside}, outside the vocabulary (0 to ${vocabSize - 1})`);
}

const tooLong = (numTokens: number, limit: number): EngineError =>
  invalid(`prompt has at least ${numTokens} tokens; the attention of at most ${limit} is shown`);

const invalid = (message: string): EngineError =>
  new EngineError('invalid_request', message, { param: 'prompt' });
