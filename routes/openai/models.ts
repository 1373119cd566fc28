import { answerJson } from '../../src/http/answer-json.ts';
import { checkMayUse, hideOthers, mayUse } from '../../src/http/middleware/use-engine.ts';
import { nameIn } from '../../src/serving/model-aliases.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, jsonResponse, modelParam } from '../openapi-parts.ts';
import { modelListSchema, modelSchema, toModelBody, toModelListBody } from './schemas/models.ts';

/** OpenAI's list of models: the default one, and all in MODELS_DIR, loaded or not; of these those that the key may use. */
export const modelListRoute = defineRoute({
  path: '/v1/models',
  promise: 'tokens',
  describe: () => ({
    get: {
      operationId: 'listModels',
      tags: ['OpenAI'],
      summary: 'The models that are served',
      description:
        'The default one first, then all in MODELS_DIR; of these those that the API key may use. Aliases stand behind their model.',
      responses: {
        200: jsonResponse('The models, loaded or not.', modelListSchema),
        ...errorResponses(['config_invalid']),
      },
    },
  }),
  createHandlers: ({ models }) => ({
    get: async (c) => {
      const { principal } = c.get('scope');
      const listed = (await models.list()).filter(({ id }) => mayUse(principal, id));
      return answerJson(c, toModelListBody(listed));
    },
  }),
});

/** One model of that list. */
export const modelRoute = defineRoute({
  path: '/v1/models/:model{.+}',
  promise: 'tokens',
  describe: () => ({
    get: {
      operationId: 'retrieveModel',
      tags: ['OpenAI'],
      summary: 'One model',
      description: 'Its state (unloaded, loading, loaded, failed), architecture, context, size and runtime.',
      requestParams: { path: modelParam },
      responses: {
        200: jsonResponse('The model.', modelSchema),
        ...errorResponses(['model_not_found', 'config_invalid']),
      },
    },
  }),
  createHandlers: ({ models }) => ({
    get: async (c) => {
      const modelId = c.req.param('model');
      const { principal } = c.get('scope');
      await checkMayUse(principal, models, modelId);
      const status = await hideOthers(principal, models.describe(modelId));
      return c.json(toModelBody(status, nameIn(status, modelId)));
    },
  }),
});
