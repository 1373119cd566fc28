import { checkLayers, checkTokenIds } from '../../src/engine/check-input.ts';
import type { Engine, ModelInfo } from '../../src/engine/engine.ts';
import { invalidField } from '../../src/errors.ts';
import { checkAdminRoute } from '../../src/http/middleware/admin-route.ts';
import { minNumTokens, type Prompt } from '../../src/engine/client/texts/encode-prompts.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import { withinDeadline } from '../../src/engine/client/queue/waits.ts';
import type { TextCaller } from '../../src/chat-template/chat-template.ts';
import { defineRoute } from '../define-route.ts';
import { BODY_ERRORS, errorResponses, jsonContent, jsonResponse, LOAD_ERRORS } from '../openapi-parts.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import * as z from 'zod';
import { nameSchema } from '../shared/schemas/bounds.ts';
import { promptSchema } from '../shared/schemas/prompt.ts';

/** The answer grows with the square of it: layers * heads * tokens * tokens numbers. */
const MAX_ATTENTION_TOKENS = 64;
/** No model has more. */
const MAX_LAYERS = 1024;

/**
 * Numbers in one answer, some 5 MB of text. Writing them takes 30 ms of the HTTP thread; a large model
 * has a hundred times as many.
 */
export const MAX_ATTENTION_WEIGHTS = 2 ** 18;

export const attentionRequestSchema = z
  .strictObject({
    model: nameSchema.nullish(),
    prompt: promptSchema,
    layers: z
      .array(
        z
          .int()
          .min(0)
          .max(MAX_LAYERS - 1),
      )
      .min(1)
      .max(MAX_LAYERS)
      .refine((indices) => new Set(indices).size === indices.length, 'must not name a layer twice')
      .meta({ uniqueItems: true })
      .nullish()
      .meta({
        description:
          'Indices of the layers to report; all when absent. Layers * heads * tokens * tokens is at most ' +
          `${MAX_ATTENTION_WEIGHTS}.`,
      }),
  })
  .meta({ id: 'AttentionRequest' });

const attentionResponseSchema = z
  .object({
    object: z.literal('attention'),
    model: z.string(),
    tokens: z.array(z.object({ id: z.int(), text: z.string() })),
    layers: z.array(
      z.object({
        index: z.int(),
        heads: z.array(z.array(z.array(z.number()))).meta({
          description:
            '[heads][queries][keys]: how much each token takes of itself and of those before it; each row sums to 1.',
        }),
      }),
    ),
  })
  .meta({ id: 'AttentionResponse' });

export type AttentionBody = z.output<typeof attentionResponseSchema>;

/** The attention weights of every head for a short prompt. */
export const attentionRoute = defineRoute({
  path: '/v1/attention',
  promise: 'attention',
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
      const { clientId } = c.get('scope');
      // It waits for a seat, so it takes a slot in the queue, as a completion does.
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
