import * as z from 'zod';
import { clip } from '../../src/values.ts';
import { EngineError, invalidField } from '../../src/errors.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, jsonResponse } from '../openapi-parts.ts';
import { responseJson, type ResponseStore, type StoredResponse } from './response-store.ts';
import { deletedResponseSchema, responseBodySchema, type ResponseBody } from './schemas/response-body.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { itemsUntil, hasId, readItem } from './schemas/turn.ts';
import { nameSchema } from '../shared/schemas/bounds.ts';
import { storedItemSchema } from './schemas/response-items.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** Query parameters are texts. */
const inputItemQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).optional().meta({ default: DEFAULT_LIMIT }),
  order: z.enum(['asc', 'desc']).optional().meta({ default: 'desc', description: 'By age.' }),
  after: nameSchema.optional().meta({ description: 'The id of the last item of the page before.' }),
});

const inputItemListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(storedItemSchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({ id: 'ResponseItemList' });

/**
 * A page of items, as OpenAI has it. Only those of the page are read.
 *
 * @param items JSON of each by `packText`, the oldest first
 * @throws EngineError `invalid_request` for an `after` that is none of them
 */
function toInputItemList(
  items: readonly string[],
  { limit = DEFAULT_LIMIT, order = 'desc', after }: z.output<typeof inputItemQuerySchema>,
): z.output<typeof inputItemListSchema> {
  const ordered = order === 'asc' ? items : items.toReversed();
  const afterIndex = after === undefined ? -1 : ordered.findIndex((text) => hasId(text, after));
  if (after !== undefined && afterIndex === -1) throw invalidField('after', 'is the id of none of the items');
  const data = ordered.slice(afterIndex + 1, afterIndex + 1 + limit).map(readItem);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: afterIndex + 1 + limit < ordered.length,
  };
}

const idParam = z.object({
  id: z.string().meta({ description: 'As in the body of the response.', param: { id: 'response-id' } }),
});

/** A response that is stored, or still made. */
export const storedResponseRoute = defineRoute({
  path: '/v1/responses/:id',
  promise: 'responses',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'retrieveResponse',
      tags: ['Responses'],
      summary: 'A response of yours, as it stands',
      requestParams: { path: idParam },
      responses: {
        200: jsonResponse('The response.', responseBodySchema),
        ...errorResponses(['invalid_request', 'not_found']),
      },
    },
    delete: {
      operationId: 'deleteResponse',
      tags: ['Responses'],
      summary: 'Forget a response; conversations that go on from it stay whole',
      requestParams: { path: idParam },
      responses: {
        200: jsonResponse('It is forgotten.', deletedResponseSchema),
        ...errorResponses(['not_found']),
      },
    },
  }),
  createHandlers: ({ responses }) => ({
    get: (c) => {
      const id = c.req.param('id');
      if (c.req.query('stream') === 'true') {
        throw invalidField('stream', 'is not supported here: a stored response is answered in one piece');
      }
      const { ownerId } = c.get('scope');
      const running = responses.running(ownerId, id);
      if (running !== undefined) return answerJson(c, running.snapshot());
      const text = responseJson(findResponse(c, responses, id));
      return c.body(text, 200, { 'content-type': 'application/json' });
    },
    delete: (c) => {
      const id = c.req.param('id');
      if (!responses.delete(c.get('scope').ownerId, id)) throw notFound(id);
      return c.json({ id, object: 'response', deleted: true });
    },
  }),
});

/** Ends a response that is still made. */
export const responseCancelRoute = defineRoute({
  path: '/v1/responses/:id/cancel',
  promise: 'responses',
  isUnlimited: true,
  describe: () => ({
    post: {
      operationId: 'cancelResponse',
      tags: ['Responses'],
      summary: 'Cancel a response that is still made: queued, in prefill or in decode',
      requestParams: { path: idParam },
      responses: {
        200: jsonResponse('The response as far as it came.', responseBodySchema),
        ...errorResponses(['invalid_request', 'not_found']),
      },
    },
  }),
  createHandlers: ({ responses }) => ({
    post: (c) => {
      const id = c.req.param('id');
      const running = responses.running(c.get('scope').ownerId, id);
      if (running === undefined) {
        const { status } = findResponse(c, responses, id);
        throw invalidField('id', `names a response that has ended (${status}): there is nothing to cancel`);
      }
      running.cancel();
      const body: ResponseBody = { ...running.snapshot(), status: 'cancelled' };
      return answerJson(c, body);
    },
  }),
});

/** The conversation that a stored response answered. */
export const responseInputItemsRoute = defineRoute({
  path: '/v1/responses/:id/input_items',
  promise: 'responses',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'listResponseInputItems',
      tags: ['Responses'],
      summary: 'The items that a response answered, those of earlier responses among them',
      requestParams: { path: idParam, query: inputItemQuerySchema },
      responses: {
        200: jsonResponse('A page of items.', inputItemListSchema),
        ...errorResponses(['invalid_request', 'not_found']),
      },
    },
  }),
  createHandlers: ({ responses }) => ({
    get: (c) => {
      const query = parseInput(inputItemQuerySchema, c.req.query());
      const { input } = findResponse(c, responses, c.req.param('id'));
      return answerJson(c, toInputItemList(itemsUntil(input), query));
    },
  }),
});

/** @throws EngineError `not_found`, also for a response that the client may not see */
function findResponse(c: AppContext, responses: ResponseStore, id: string): StoredResponse {
  const response = responses.find(c.get('scope').ownerId, id);
  if (response === undefined) throw notFound(id);
  return response;
}

const notFound = (id: string): EngineError =>
  new EngineError(
    'not_found',
    `no response '${clip(id)}' of yours is stored: it was made with store: false, was deleted, or is too old`,
    { param: 'id' },
  );
