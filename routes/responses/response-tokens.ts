import { countPromptTokens } from '../../src/generation/count-prompt-tokens.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import { defineRoute } from '../define-route.ts';
import { BODY_ERRORS, errorResponses, jsonContent, jsonResponse, LOAD_ERRORS } from '../openapi-parts.ts';
import { toFollowedConversation } from './response-conversation.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { inputTokensSchema } from './schemas/response-body.ts';
import { toResponseConversation, toResponseFormat } from './schemas/response-generation.ts';
import { inputTokensRequestSchema, RESPONSE_FIELD_NAMES } from './schemas/response-request.ts';

/** Counts what a response would read. */
export const responseInputTokensRoute = defineRoute({
  path: '/v1/responses/input_tokens',
  fieldNames: RESPONSE_FIELD_NAMES,
  describe: () => ({
    post: {
      operationId: 'countResponseInputTokens',
      tags: ['Responses'],
      summary: 'The tokens of the prompt that a response would be made from',
      requestBody: { required: true, ...jsonContent(inputTokensRequestSchema) },
      responses: {
        200: jsonResponse('The count.', inputTokensSchema),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS]),
      },
    },
  }),
  createHandlers: ({ models, config, responses }) => ({
    post: async (c) => {
      const input = parseInput(inputTokensRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
      const { followed } = toFollowedConversation(c, responses, input, config.bodyLimitBytes);
      const { engine, timeoutMs } = await useEngine(c, models, input.model, config.requestTimeoutMs);
      const conversation = toResponseConversation(input, followed);
      const options = { hasFormat: toResponseFormat(input) !== undefined, timeoutMs };
      const numTokens = await countPromptTokens(engine, conversation, options, callerOf(c));
      return c.json({ object: 'response.input_tokens', input_tokens: numTokens });
    },
  }),
});
