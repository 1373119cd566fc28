import { countPromptTokens } from '../../src/generation/count-prompt-tokens.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import { defineRoute } from '../define-route.ts';
import { BODY_ERRORS, errorResponses, jsonContent, jsonResponse, LOAD_ERRORS } from '../openapi-parts.ts';
import { tokenCountSchema } from './schemas/message-body.ts';
import { toMessageConversation, toMessageFormat } from './schemas/message-generation.ts';
import { countTokensRequestSchema } from './schemas/message-request.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';

/** Counts what a message would read. */
export const messageTokensRoute = defineRoute({
  path: '/v1/messages/count_tokens',
  api: 'anthropic',
  describe: () => ({
    post: {
      operationId: 'countMessageTokens',
      tags: ['Anthropic'],
      summary: 'The tokens of the prompt that a message would be made from',
      requestBody: { required: true, ...jsonContent(countTokensRequestSchema) },
      responses: {
        200: jsonResponse('The count.', tokenCountSchema, 'anthropic'),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS], 'anthropic'),
      },
    },
  }),
  createHandlers: ({ models, config }) => ({
    post: async (c) => {
      const input = parseInput(countTokensRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
      const { engine, timeoutMs } = await useEngine(c, models, input.model, config.requestTimeoutMs);
      const conversation = toMessageConversation(input);
      const options = { hasFormat: toMessageFormat(input) !== undefined, timeoutMs };
      const numTokens = await countPromptTokens(engine, conversation, options, callerOf(c));
      return c.json({ input_tokens: numTokens });
    },
  }),
});
