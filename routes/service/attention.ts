import { checkLayers, checkTokenIds } from '../../src/engine/check-input.ts';
import type { Engine, ModelInfo } from '../../src/engine/engine.ts';
import { invalidField } from '../../src/errors.ts';
import { checkAdminRoute } from '../../src/http/middleware/admin-route.ts';
import { minNumTokens, type Prompt } from '../../src/engine/client/texts/encode-prompts.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import { withinDeadline } from '../../src/engine/client/queue/within-deadline.ts';
import type { TextCaller } from '../../src/chat-template/chat-template.ts';
import { defineRoute } from '../define-route.ts';
import { BODY_ERRORS, errorResponses, jsonContent, jsonResponse, LOAD_ERRORS } from '../openapi-parts.ts';
import {
  attentionRequestSchema,
  attentionResponseSchema,
  MAX_ATTENTION_TOKENS,
  MAX_ATTENTION_WEIGHTS,
  type AttentionBody,
} from './schemas/attention.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';

/** The attention weights of every head for a short prompt. */
export const attentionRoute = defineRoute({
  path: '/v1/attention',
  describe: () => ({
    post: {
      operationId: 'inspectAttention',
      tags: ['Tokens'],
      summary: 'Attention weights of every head in every layer for a short prompt',
      description:
        'By default only for admin keys and for clients on the same machine. The setting ATTENTION changes this.',
      requestBody: {
        required: true,
        ...jsonContent(attentionRequestSchema, { prompt: 'Once upon a time', layers: [0] }),
      },
      responses: {
        200: jsonResponse('Attention weights by layer, head, query and key.', attentionResponseSchema),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS]),
      },
    },
  }),
  createHandlers: ({ models, config }) => ({
    post: async (c) => {
      checkAdminRoute(c, config.attention, 'ATTENTION');
      const input = parseInput(attentionRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
      const { engine, timeoutMs } = await useEngine(c, models, input.model, config.requestTimeoutMs);
      const layers = readLayers(engine.model, input.layers);
      const prompt = onlyPrompt(input.prompt);
      const { clientId } = c.var.scope;
      // It waits for a lane, so it takes a place in the queue, as a completion does.
      const reservation = engine.reserve(1, clientId);
      const body = await withinDeadline({ clientId, gone: c.req.raw.signal, timeoutMs }, async (caller) => {
        const tokenIds = await readTokenIds(engine, prompt, caller);
        checkSize(engine.model, layers, tokenIds);
        reservation.takeTokens(tokenIds.length, 'prompt');
        const weights = await engine.inspectAttention(tokenIds, layers, caller.signal, clientId);
        return toBody(engine, tokenIds, layers, weights);
      }).finally(() => reservation.release());
      return answerJson(c, body);
    },
  }),
});

function toBody(
  { model, tokenizer }: Engine,
  tokenIds: readonly number[],
  layers: readonly number[],
  weights: readonly number[][][][],
): AttentionBody {
  return {
    object: 'attention',
    model: model.id,
    tokens: tokenIds.map((id) => ({ id, text: tokenizer.decode([id]) })),
    layers: layers.map((index, i) => ({ index, heads: weights[i] ?? [] })),
  };
}

/** Which layers are asked for; all when none are named. */
function readLayers({ numLayers }: ModelInfo, layers: readonly number[] | null | undefined): number[] {
  if (layers === null || layers === undefined) return Array.from({ length: numLayers }, (_, index) => index);
  checkLayers(layers, numLayers);
  return [...layers];
}

function onlyPrompt([prompt, ...others]: readonly Prompt[]): Prompt {
  if (prompt !== undefined && others.length === 0) return prompt;
  throw invalidField('prompt', 'must be one text or one list of token ids');
}

async function readTokenIds(engine: Engine, prompt: Prompt, caller: TextCaller): Promise<readonly number[]> {
  const limit = Math.min(MAX_ATTENTION_TOKENS, engine.model.contextLength);
  checkLength(minNumTokens(engine, prompt), limit);
  const tokenIds = typeof prompt === 'string' ? await encode(engine, prompt, caller) : prompt;
  checkLength(tokenIds.length, limit);
  checkTokenIds(tokenIds, engine.model, 'prompt');
  return tokenIds;
}

async function encode({ tokenizer }: Engine, text: string, caller: TextCaller): Promise<readonly number[]> {
  const [encoded] = await tokenizer.encode([text], {}, caller);
  return encoded?.tokenIds ?? [];
}

function checkLength(numTokens: number, limit: number): void {
  if (numTokens <= limit) return;
  throw invalidField(
    'prompt',
    `has at least ${numTokens} tokens; the attention of at most ${limit} is shown`,
  );
}

/** Known before anything is computed. */
function checkSize(
  { numHeads }: ModelInfo,
  layers: readonly number[],
  { length: numTokens }: readonly number[],
): void {
  const perLayer = numHeads * numTokens ** 2;
  if (layers.length * perLayer <= MAX_ATTENTION_WEIGHTS) return;
  const numShown = Math.floor(MAX_ATTENTION_WEIGHTS / perLayer);
  throw invalidField(
    'layers',
    `${layers.length} layers of ${numHeads} heads at ${numTokens} tokens make ${layers.length * perLayer} numbers; at ` +
      `most ${MAX_ATTENTION_WEIGHTS} are given: name at most ${numShown} layers, or send a shorter prompt`,
  );
}
