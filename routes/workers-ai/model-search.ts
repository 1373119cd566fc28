import { mayUse } from '../../src/http/middleware/allowed-models.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, jsonResponse } from '../openapi-parts.ts';
import {
  modelSearchQuerySchema,
  modelSearchResponseSchema,
  toModelSearchBody,
} from './schemas/model-search.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';

/** Cloudflare's list of models: those of `GET /v1/models`, in its form. */
export const modelSearchRoute = defineRoute({
  path: '/ai/models/search',
  api: 'workers-ai',
  describe: () => ({
    get: {
      operationId: 'searchModels',
      tags: ['Workers AI'],
      summary: 'The models that are served, by pages',
      requestParams: { query: modelSearchQuerySchema },
      responses: {
        200: jsonResponse('A page of the models that fit.', modelSearchResponseSchema),
        ...errorResponses(['invalid_request', 'config_invalid'], 'workers-ai'),
      },
    },
  }),
  createHandlers: ({ models }) => ({
    get: async (c) => {
      const query = parseInput(modelSearchQuerySchema, c.req.query());
      const { principal } = c.var.scope;
      const listed = (await models.list()).filter(({ id }) => mayUse(principal, id));
      return c.json(toModelSearchBody(listed, query));
    },
  }),
});
