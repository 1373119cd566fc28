import * as z from 'zod';
import type { AppContext } from '../../src/http/app-env.ts';
import type { ModelStatus, ServedModels } from '../../src/serving/served-models.ts';
import { namesOf } from '../../src/serving/model-aliases.ts';
import { mayUse } from '../../src/http/middleware/use-engine.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, jsonResponse } from '../openapi-parts.ts';
import { listedTask } from './model-task.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';

const MAX_QUERY_LENGTH = 512;
const MAX_PER_PAGE = 1000;
const DEFAULT_PER_PAGE = 50;
/** Cloudflare's number of itself as the source of a model. */
const SOURCE = 1;

const filter = z.string().max(MAX_QUERY_LENGTH).optional();
const number = z.string().regex(/^[1-9]\d{0,8}$/, 'must be a whole number from 1 on');
const flag = z.enum(['true', 'false']).optional();

/** The parameters of the URL, all of them text. */
export const modelSearchQuerySchema = z.strictObject({
  search: filter.meta({
    description: 'Part of the name or of the description, in any case.',
    param: { id: 'search' },
  }),
  task: filter.meta({
    description: 'Name of the task: `Text Generation`, and for aliases that are ids of Cloudflare theirs.',
    param: { id: 'task' },
  }),
  author: filter.meta({
    description: 'What stands before the last slash of the id.',
    param: { id: 'author' },
  }),
  source: number
    .optional()
    .meta({ description: 'Here every model has the source 1.', param: { id: 'source' } }),
  hide_experimental: flag.meta({
    description: 'Without effect: no model here is experimental.',
    param: { id: 'hide_experimental' },
  }),
  include_deprecated: flag.meta({
    description: 'Without effect: no model here is deprecated.',
    param: { id: 'include_deprecated' },
  }),
  page: number.optional().meta({ default: '1' }),
  per_page: number
    .refine((value) => Number(value) <= MAX_PER_PAGE, `must be at most ${MAX_PER_PAGE}`)
    .optional()
    .meta({ default: `${DEFAULT_PER_PAGE}` }),
});

export type ModelSearchQuery = z.output<typeof modelSearchQuerySchema>;

const foundModelSchema = z.object({
  id: z.string(),
  source: z.literal(SOURCE),
  name: z.string().meta({ description: 'What `/ai/run/{model}` takes.' }),
  description: z.string(),
  task: z.object({ id: z.string(), name: z.string(), description: z.string() }),
  created_at: z.string().meta({ description: 'When it became ready, or its files were stored.' }),
  tags: z.array(z.string()),
  properties: z.array(z.object({ property_id: z.string(), value: z.string() })).meta({
    description:
      '`context_window` in tokens, where it is known; `alias`, another name of it from MODEL_ALIASES.',
  }),
});

export const modelSearchResponseSchema = z
  .object({
    result: z.array(foundModelSchema),
    result_info: z.object({
      count: z.int().meta({ description: 'Of this page.' }),
      page: z.int(),
      per_page: z.int(),
      total_count: z.int(),
      total_pages: z.int(),
    }),
    success: z.literal(true),
    errors: z.array(z.never()),
    messages: z.array(z.string()),
  })
  .meta({ id: 'WorkersAiModelSearch' });

type FoundModel = z.output<typeof foundModelSchema>;
export type ModelSearchBody = z.output<typeof modelSearchResponseSchema>;

/** The page that was asked for of the models that fit; one behind the last page is empty. */
function toModelSearchBody(models: readonly ModelStatus[], query: ModelSearchQuery): ModelSearchBody {
  const found = models
    .flatMap((model) => namesOf(model).map((name) => toFoundModel(model, name)))
    .filter((model) => fits(model, query));
  const page = Number(query.page ?? 1);
  const perPage = Number(query.per_page ?? DEFAULT_PER_PAGE);
  const result = found.slice((page - 1) * perPage, page * perPage);
  return {
    result,
    result_info: {
      count: result.length,
      page,
      per_page: perPage,
      total_count: found.length,
      total_pages: Math.ceil(found.length / perPage),
    },
    success: true,
    errors: [],
    messages: [],
  };
}

function fits(model: FoundModel, query: ModelSearchQuery): boolean {
  const { name, description, task, source } = model;
  const holds = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());
  const { search = '', author, task: taskName } = query;
  if (!holds(name, search) && !holds(description, search)) return false;
  if (author !== undefined && authorOf(name).toLowerCase() !== author.toLowerCase()) return false;
  if (taskName !== undefined && task.name.toLowerCase() !== taskName.toLowerCase()) return false;
  return query.source === undefined || Number(query.source) === source;
}

/** `owner/name` and `@cf/owner/name` are by `owner`. */
const authorOf = (name: string): string => name.split('/').at(-2)?.replace(/^@/, '') ?? '';

function toFoundModel(model: ModelStatus, name: string): FoundModel {
  const { id, aliases, architecture, numParameters, contextLength, createdAt } = model;
  const size = numParameters === undefined ? '' : ` of ${numParameters.toLocaleString('en')} parameters`;
  const contextWindow = { property_id: 'context_window', value: `${contextLength ?? 0}` };
  return {
    id: name,
    source: SOURCE,
    name,
    description: `${architecture ?? 'A model'}${size}${name === id ? '' : `, which is ${id}`}`,
    task: listedTask(name),
    created_at: new Date(createdAt * 1000).toISOString(),
    tags: [],
    properties: [
      ...(contextLength === undefined ? [] : [contextWindow]),
      ...aliases.map((value) => ({ property_id: 'alias', value })),
    ],
  };
}

/** Cloudflare's list of models: those of `GET /v1/models`, in its form. */
export const modelSearchRoute = defineRoute({
  path: '/ai/models/search',
  promise: 'workers-ai',
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
  createHandlers: ({ models }) => ({ get: (c) => searchModels(c, models) }),
});

/** The models that the key may use, as the query asks for them. */
export async function searchModels(c: AppContext, models: ServedModels): Promise<Response> {
  const query = parseInput(modelSearchQuerySchema, c.req.query());
  const { principal } = c.get('scope');
  const listed = (await models.list()).filter(({ id }) => mayUse(principal, id));
  return c.json(toModelSearchBody(listed, query));
}
