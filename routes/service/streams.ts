import * as z from 'zod';
import { clip } from '../../src/values.ts';
import { EngineError, invalidField } from '../../src/errors.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { fromBodyId } from '../../src/http/middleware/request-id.ts';
import { SSE_HEADERS } from '../../src/http/sse/sse.ts';
import { readStream } from '../../src/http/sse/stream-events.ts';
import { visibleOwner } from '../../src/http/middleware/visible-owner.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, eventStreamResponse } from '../openapi-parts.ts';
import { requestIdParam } from './schemas/requests.ts';

/** No stream has more events than that many digits can count. */
export const eventCount = z.string().regex(/^\d{1,15}$/);

const resumeParams = {
  path: requestIdParam,
  query: z.object({
    from: eventCount.optional().meta({
      description: 'How many events were received; by default none. `Last-Event-ID` goes before it.',
      examples: ['12'],
    }),
  }),
  header: z.object({
    'Last-Event-ID': eventCount.optional().meta({
      description: 'The `id` of the last event that was received.',
      examples: ['12'],
    }),
  }),
};

/** The rest of a stream whose connection broke. */
export const streamRoute = defineRoute({
  path: '/v1/streams/:id',
  promise: 'streams',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'resumeStream',
      tags: ['Requests'],
      summary: 'Read on in a stream whose connection broke',
      description:
        'The streamed answer to a request that was sent with `x-stream-resumable: true`: the events after those that ' +
        'were received, then those to come, as the first connection would have had them. It takes the place of ' +
        'another reader. A stream goes on without a reader for `STREAM_GRACE` seconds, and is kept for as long after ' +
        'its end.',
      requestParams: resumeParams,
      responses: {
        200: eventStreamResponse('The events of the stream, each with its `id`.'),
        ...errorResponses(['invalid_request', 'not_found', 'gone']),
      },
    },
  }),
  createHandlers: (dependencies) => ({ get: (c) => resumeStream(c, c.req.param('id'), dependencies) }),
});

/** @throws EngineError `not_found`, also for a stream that the client may not see; as `ResumableStream.read` */
export function resumeStream(c: AppContext, id: string, { streams, config }: RouteDependencies): Response {
  const scope = c.get('scope');
  const numReceived = numReceivedOf(c);
  const stream = streams.find(fromBodyId(id), visibleOwner(c));
  if (stream === undefined) {
    throw new EngineError(
      'not_found',
      `no stream '${clip(id)}' of yours can be resumed: it was not asked for with x-stream-resumable, or ended long ago`,
      { param: 'id' },
    );
  }
  // Hono answers HEAD by this handler, and a reader that reads nothing would hold the stream back.
  if (c.req.method === 'HEAD') return c.body(null, 200, SSE_HEADERS);
  const { ssePingIntervalMs: pingIntervalMs } = config;
  const response = readStream(c, stream, numReceived, { pingIntervalMs, onClose: () => scope.end() });
  scope.hold();
  return response;
}

/** As a browser's EventSource comes back to the URL that it was given, its header goes before the query. */
function numReceivedOf(c: AppContext): number {
  const header = c.req.header('last-event-id');
  const [param, value] = header === undefined ? ['from', c.req.query('from')] : ['Last-Event-ID', header];
  if (value === undefined) return 0;
  if (!eventCount.safeParse(value).success) {
    throw invalidField(param, 'must be the id of an event: 0, or a whole number');
  }
  return Number(value);
}
