import { clip } from '../../src/values.ts';
import type { RequestRecord } from '../../src/engine/engine.ts';
import { EngineError } from '../../src/errors.ts';
import { adminRouteCallerOf, mayUseAdminRoute } from '../../src/http/middleware/admin-route.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { fromBodyId } from '../../src/http/middleware/request-id.ts';
import { visibleOwner } from '../../src/http/middleware/visible-owner.ts';
import type { ServedModels } from '../../src/serving/served-models.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, jsonResponse } from '../openapi-parts.ts';
import {
  cancelResponseSchema,
  MAX_LISTED_REQUESTS,
  requestIdParam,
  requestListSchema,
  requestRecordSchema,
  toRequestRecordBody,
  type CancelBody,
  type RequestListBody,
} from './schemas/requests.ts';

/** `GET /v1/requests`: the requests that have not ended. */
export const requestListRoute = defineRoute({
  path: '/v1/requests',
  promise: 'requests',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'listRequests',
      tags: ['Requests'],
      summary: 'The requests that run or wait',
      description:
        "A client's own. An admin key sees all; so does who may read `/metrics` on this machine, without the ids of " +
        "others' requests.",
      responses: { 200: jsonResponse('The requests.', requestListSchema), ...errorResponses([]) },
    },
  }),
  createHandlers: ({ models }) => ({ get: (c) => answerJson(c, listRequests(c, models)) }),
});

function listRequests(c: AppContext, models: ServedModels): RequestListBody {
  const owner = visibleOwner(c);
  const seesAll = mayUseAdminRoute('loopback', adminRouteCallerOf(c));
  const isMine = ({ ownerId }: RequestRecord): boolean => owner === undefined || ownerId === owner;
  const all = models
    .engines()
    .flatMap(({ modelId, engine }) =>
      engine
        .unfinished(MAX_LISTED_REQUESTS + 1, seesAll ? undefined : owner)
        .map((record) => ({ modelId, record })),
    );
  return {
    object: 'list',
    data: all.slice(0, MAX_LISTED_REQUESTS).map(({ modelId, record }) => ({
      ...toRequestRecordBody(record),
      ...(isMine(record) ? {} : { id: null }),
      model: modelId,
      seats: [...(record.seats ?? [])],
      max_tokens: record.maxTokens,
    })),
    has_more: all.length > MAX_LISTED_REQUESTS,
  };
}

/** A request by its id: what became of it, and an end to it. */
export const requestRoute = defineRoute({
  path: '/v1/requests/:id',
  promise: 'requests',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'retrieveRequest',
      tags: ['Requests'],
      summary: 'The state of a request, also for a while after its end',
      description:
        'Its usage and its end, for ten minutes after it, however it ended: a client that hung up can still ask what ' +
        'its request used. While the request waits, its position in the queue.',
      requestParams: { path: requestIdParam },
      responses: {
        200: jsonResponse('The request.', requestRecordSchema),
        ...errorResponses(['not_found']),
      },
    },
    delete: {
      operationId: 'cancelRequest',
      tags: ['Requests'],
      summary: 'Cancel a request',
      description:
        'Wherever it is: in the queue, in prefill or in decode. A stream that it has ends with the finish reason `abort`.',
      requestParams: { path: requestIdParam },
      responses: {
        200: jsonResponse('The request, and whether this call cancelled it.', cancelResponseSchema),
        ...errorResponses(['not_found']),
      },
    },
  }),
  createHandlers: ({ models }) => ({
    get: (c) => c.json(toRequestRecordBody(findRequest(c, models, c.req.param('id')))),
    delete: (c) => {
      const id = c.req.param('id');
      // An admin may see requests of several owners under one id: the one that it is shown is cancelled.
      const { id: requestId, ownerId } = findRequest(c, models, id);
      const cancelled = models.engines().some(({ engine }) => engine.cancel(requestId, 'delete', ownerId));
      const body: CancelBody = { ...toRequestRecordBody(findRequest(c, models, id, ownerId)), cancelled };
      return c.json(body);
    },
  }),
});

/** @throws EngineError `not_found`, also for a request that the client may not see */
function findRequest(
  c: AppContext,
  models: ServedModels,
  id: string,
  ownerId = visibleOwner(c),
): RequestRecord {
  const requestId = fromBodyId(id);
  for (const { engine } of models.engines()) {
    const record = engine.find(requestId, ownerId);
    if (record !== undefined) return record;
  }
  throw new EngineError('not_found', `no request '${clip(id)}' of yours is running or ended lately`, {
    param: 'id',
  });
}
