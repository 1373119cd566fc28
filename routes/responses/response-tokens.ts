import { countPromptTokens } from '../../src/chat/count-prompt-tokens.ts';
import { callerOf } from '../../src/http/caller.ts';
import { readJsonBody } from '../../src/http/json-body.ts';
import { useEngine } from '../../src/http/use-engine.ts';
import { defineRoute } from '../define-route.ts';
import { BODY_ERRORS, errorResponses, jsonContent, jsonResponse, LOAD_ERRORS } from '../openapi-parts.ts';
import { RESPONSE_FIELD_NAMES, toFollowedConversation } from './response-conversation.ts';
import { toCountDemand } from '../shared/schemas/answer-demand.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { inputTokensSchema } from './schemas/response-body.ts';
import { toConversationParts } from './schemas/response-demand.ts';
import { inputTokensRequestSchema } from './schemas/response-request.ts';
import { withFieldNames } from '../shared/with-field-names.ts';

/** Counts what a response would read. */
export const responseInputTokensRoute = defineRoute({
  path: '/v1/responses/input_tokens',
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
      const { conversation } = toFollowedConversation(c, responses, input, config.bodyLimitBytes);
      const { engine, timeoutMs } = await useEngine(c, models, input.model, config.requestTimeoutMs);
      const demand = toCountDemand(toConversationParts(input, conversation), timeoutMs);
      const count = countPromptTokens(engine, demand, callerOf(c));
      const numTokens = await withFieldNames(RESPONSE_FIELD_NAMES, count);
      return c.json({ object: 'response.input_tokens', input_tokens: numTokens });
    },
  }),
});
