import * as z from 'zod';
import type { ZodOpenApiResponseObject } from 'zod-openapi';
import type { Engine } from '../../src/engine/engine.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { checkMayUse, hideOthers, mayUse } from '../../src/http/middleware/use-engine.ts';
import { namesOf } from '../../src/serving/model-aliases.ts';
import type { ModelStatus, ServedModels } from '../../src/serving/served-models.ts';
import { VERSION } from '../../src/version.ts';
import { defineRoute } from '../define-route.ts';
import { jsonContent, jsonResponse, listedResponse, NO_SECURITY, rangesOfErrors } from '../openapi-parts.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import {
  type Capability,
  modelsSchema,
  showRequestSchema,
  showSchema,
  toLoadedModel,
  toListedModel,
  toShownModel,
} from './schemas/models.ts';

/** The version of Ollama whose API this is: its clients look whether it is new enough. */
const OLLAMA_VERSION = '0.12.10';

/** The answer of both lists: of models that are there, and of models that are loaded. */
const MODELS = (): ZodOpenApiResponseObject =>
  listedResponse('ollama-models', jsonResponse('The models.', modelsSchema, 'ollama'));

/** Ollama's list of models: of those that are served the ones that the key may use. */
export const ollamaTagsRoute = defineRoute({
  path: '/api/tags',
  promise: 'ollama',
  api: 'ollama',
  describe: () => ({
    get: {
      operationId: 'ollamaTags',
      tags: ['Ollama'],
      summary: 'The models that are served, loaded or not',
      responses: { 200: MODELS(), ...rangesOfErrors('ollama') },
    },
  }),
  createHandlers: ({ models }) => ({
    get: async (c) => {
      const listed = await usableModels(c, models);
      return answerJson(c, {
        models: listed.flatMap((model) => namesOf(model).map((name) => toListedModel(model, name))),
      });
    },
  }),
});

/** Those that are in memory. */
export const ollamaPsRoute = defineRoute({
  path: '/api/ps',
  promise: 'ollama',
  api: 'ollama',
  describe: () => ({
    get: {
      operationId: 'ollamaPs',
      tags: ['Ollama'],
      summary: 'The models that are loaded',
      responses: { 200: MODELS(), ...rangesOfErrors('ollama') },
    },
  }),
  createHandlers: ({ models }) => ({
    get: async (c) => {
      const loaded = (await usableModels(c, models)).filter(({ state }) => state === 'loaded');
      return answerJson(c, { models: loaded.map(toLoadedModel) });
    },
  }),
});

/** What there is to know of a model; of one that is not loaded, what its files say. */
export const ollamaShowRoute = defineRoute({
  path: '/api/show',
  promise: 'ollama',
  api: 'ollama',
  describe: () => ({
    post: {
      operationId: 'ollamaShow',
      tags: ['Ollama'],
      summary: 'One model',
      requestBody: { required: true, ...jsonContent(showRequestSchema) },
      responses: { 200: jsonResponse('The model.', showSchema, 'ollama'), ...rangesOfErrors('ollama') },
    },
  }),
  createHandlers: ({ models, config }) => ({
    post: async (c) => {
      const input = parseInput(showRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
      const { principal } = c.get('scope');
      const modelId = input.model ?? input.name ?? '';
      await checkMayUse(principal, models, modelId);
      const status = await hideOthers(principal, models.describe(modelId));
      const engine = status.state === 'loaded' ? engineOf(models, status) : undefined;
      const template = engine?.tokenizer.chatTemplate?.template ?? '';
      return answerJson(c, toShownModel(status, template, await capabilitiesOf(c, status, engine)));
    },
  }),
});

export const ollamaVersionRoute = defineRoute({
  path: '/api/version',
  promise: 'ollama',
  api: 'ollama',
  access: 'open',
  describe: () => ({
    get: {
      operationId: 'ollamaVersion',
      tags: ['Ollama'],
      summary: "Versions of Ollama's API and of the service",
      security: NO_SECURITY,
      responses: {
        200: jsonResponse(
          'The versions.',
          z.object({ version: z.string(), tokenflare: z.string() }),
          'ollama',
        ),
        ...rangesOfErrors('ollama'),
      },
    },
  }),
  createHandlers: () => ({ get: (c) => c.json({ version: OLLAMA_VERSION, tokenflare: VERSION }) }),
});

async function usableModels(c: AppContext, models: ServedModels): Promise<ModelStatus[]> {
  const { principal } = c.get('scope');
  return (await models.list()).filter(({ id }) => mayUse(principal, id));
}

const engineOf = (models: ServedModels, { id }: ModelStatus): Engine | undefined =>
  models.engines().find(({ modelId, isLoaded }) => modelId === id && isLoaded)?.engine;

/**
 * Every model embeds, but Ollama says so only of models that do nothing else, and clients take them for that. Tools are
 * offered in words where the template has no way of its own for them.
 */
async function capabilitiesOf(
  c: AppContext,
  { chatTemplate }: ModelStatus,
  engine: Engine | undefined,
): Promise<Capability[]> {
  const { clientId } = c.get('scope');
  const caller = { clientId, signal: c.req.raw.signal };
  const reasons = (await engine?.tokenizer.chatTemplate?.reasoningFormat(caller)) !== undefined;
  return [
    'completion',
    ...(chatTemplate === undefined ? [] : (['tools'] as const)),
    ...(reasons ? (['thinking'] as const) : []),
  ];
}
