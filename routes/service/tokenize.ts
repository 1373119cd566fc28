import { checkVocabulary } from '../../src/engine/check-input.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { EngineError, invalidField } from '../../src/errors.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { threadQueue } from '../../src/fairness/thread-queue.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import { withinDeadline } from '../../src/engine/client/queue/waits.ts';
import { defineRoute } from '../define-route.ts';
import { BODY_ERRORS, errorResponses, jsonContent, jsonResponse, LOAD_ERRORS } from '../openapi-parts.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import * as z from 'zod';
import { nameSchema, textSchema } from '../shared/schemas/bounds.ts';
import { tokenIdsSchema } from '../shared/schemas/prompt.ts';

const text = textSchema.optional();

export const tokenizeRequestSchema = z
  .strictObject({
    model: nameSchema.nullish(),
    prompt: text,
    text: text.meta({ description: 'Another name of `prompt`; exactly one of the two.' }),
    add_special_tokens: z.boolean().nullish().meta({ default: true }),
  })
  .meta({ id: 'TokenizeRequest' });

const tokenizeResponseSchema = z
  .object({ tokens: z.array(z.int()), count: z.int(), max_model_len: z.int() })
  .meta({ id: 'TokenizeResponse' });

export const detokenizeRequestSchema = z
  .strictObject({
    model: nameSchema.nullish(),
    tokens: tokenIdsSchema.meta({ description: 'Their text may have as many bytes as a body.' }),
  })
  .meta({ id: 'DetokenizeRequest' });

const detokenizeResponseSchema = z.object({ prompt: z.string() }).meta({ id: 'DetokenizeResponse' });

export type TokenizeBody = z.output<typeof tokenizeResponseSchema>;
type DetokenizeBody = z.output<typeof detokenizeResponseSchema>;

/** From here on token ids take a millisecond or more to become text. */
const LARGE_TOKENS = 16_384;

/** Text to token ids, as vLLM has it. */
export const tokenizeRoute = defineRoute({
  path: '/tokenize',
  promise: 'tokens',
  describe: () => ({
    post: {
      operationId: 'tokenize',
      tags: ['Tokens'],
      summary: 'Text to token ids',
      description:
        "The token ids that the model's tokenizer makes of a text, with its special tokens or without.",
      requestBody: { required: true, ...jsonContent(tokenizeRequestSchema, { prompt: 'Once upon a time' }) },
      responses: {
        200: jsonResponse('The token ids.', tokenizeResponseSchema),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS]),
      },
    },
  }),
  createHandlers: ({ models, config }) => ({
    post: async (c) => {
      const input = parseInput(tokenizeRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
      const text = input.prompt ?? input.text;
      if (text === undefined || (input.prompt !== undefined && input.text !== undefined)) {
        throw new EngineError('invalid_request', 'send prompt or text, exactly one of them', {
          param: 'prompt',
        });
      }
      const { engine, timeoutMs } = await useEngine(c, models, input.model, config.requestTimeoutMs);
      const { clientId } = c.get('scope');
      const addSpecialTokens = input.add_special_tokens ?? true;
      // The engine computes nothing, but the text waits for the tokenizer like a prompt: it takes a slot in the queue.
      const reservation = engine.reserve(1, clientId);
      const [encoded] = await withinDeadline({ clientId, gone: c.req.raw.signal, timeoutMs }, (caller) =>
        engine.tokenizer.encode([text], { addSpecialTokens }, caller),
      ).finally(() => reservation.release());
      const tokens = encoded?.tokenIds ?? [];
      const body: TokenizeBody = { tokens, count: tokens.length, max_model_len: engine.model.contextLength };
      return answerJson(c, body);
    },
  }),
});

/** Token ids to text, as vLLM has it. */
export const detokenizeRoute = defineRoute({
  path: '/detokenize',
  promise: 'tokens',
  describe: () => ({
    post: {
      operationId: 'detokenize',
      tags: ['Tokens'],
      summary: 'Token ids to text',
      description: 'The text of a list of token ids, special tokens included.',
      requestBody: { required: true, ...jsonContent(detokenizeRequestSchema, { tokens: [1, 2, 3] }) },
      responses: {
        200: jsonResponse('The text.', detokenizeResponseSchema),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS]),
      },
    },
  }),
  createHandlers: ({ models, config }) => ({
    post: async (c) => {
      const { model, tokens } = parseInput(
        detokenizeRequestSchema,
        await readJsonBody(c, config.bodyLimitBytes),
      );
      const { engine } = await useEngine(c, models, model, config.requestTimeoutMs);
      // Decoding needs no slot in the queue. It is refused if the queue is full, as other requests are.
      engine.reserve(1, c.get('scope').clientId).release();
      checkVocabulary(tokens, engine.model, 'tokens', 'item');
      if (tokens.length >= LARGE_TOKENS) await threadQueue.goOn(c.get('scope').clientId, c.req.raw.signal);
      checkTextSize(engine, tokens, config.bodyLimitBytes);
      const body: DetokenizeBody = { prompt: engine.tokenizer.decode(tokens) };
      return answerJson(c, body);
    },
  }),
});

/** Counts the bytes of the text before it is decoded, since one token may stand for a hundred bytes. */
function checkTextSize({ tokenizer }: Engine, tokens: readonly number[], limitBytes: number): void {
  const numBytes = tokenizer.numBytes(tokens);
  if (numBytes <= limitBytes) return;
  throw invalidField(
    'tokens',
    `stand for ${numBytes} bytes of text; at most ${limitBytes} are given back (BODY_LIMIT)`,
  );
}
