import * as z from 'zod';
import { EngineError } from '../../src/errors.ts';
import { withoutComments } from '../../src/gateway/watch-body.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { answerWithHeaders } from '../../src/http/middleware/answer-headers.ts';
import { SSE_HEADERS } from '../../src/http/sse/sse.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, eventStreamResponse } from '../openapi-parts.ts';
import { eventCount, resumeStream } from '../service/streams.ts';
import { readGatewayId } from './gateway.ts';
import { gatewayId } from './schemas/gateway-options.ts';

/** The rest of a stream that came with `cf-aig-run-id`, as `workers-ai-provider` asks for it by `env.AI.fetch`. */
export const bindingResumeRoute = defineRoute({
  path: '/workers-binding/ai-gateway/gateways/:gateway/run/:run/resume',
  promise: 'gateway',
  api: 'workers-binding',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'resumeRunByBinding',
      tags: ['AI Gateway'],
      summary: 'Read on in a stream whose connection broke, as the binding of a Worker does',
      description:
        'Of a run that was asked for with `x-stream-resumable: true`. As `GET /v1/streams/{id}`, without comments; what is ' +
        'kept no longer is not found.',
      requestParams: {
        path: z.object({ gateway: gatewayId, run: z.string() }),
        query: z.object({
          from: eventCount
            .optional()
            .meta({ description: 'How many events were received.', examples: ['12'] }),
        }),
      },
      responses: {
        200: eventStreamResponse('The events of the stream, each with its `id`.'),
        ...errorResponses([], 'workers-binding'),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    get: (c) => {
      readGatewayId(c.req.param('gateway'));
      return resumeRun(c, c.req.param('run'), dependencies);
    },
  }),
});

/** @throws EngineError `not_found`, by which the client knows that it has come too late */
function resumeRun(c: AppContext, run: string, dependencies: RouteDependencies): Response {
  try {
    const { body } = resumeStream(c, run, dependencies);
    return body === null
      ? c.body(null, 200, SSE_HEADERS)
      : answerWithHeaders(c.get('scope'), withoutComments(body), SSE_HEADERS);
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'gone') throw error;
    throw new EngineError('not_found', error.message, { cause: error });
  }
}
