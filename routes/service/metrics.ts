import { defineRoute } from '../define-route.ts';
import { errorResponses, textResponse } from '../openapi-parts.ts';

/** What Prometheus scrapes. */
export const metricsRoute = defineRoute({
  path: '/metrics',
  promise: 'health',
  access: 'operator',
  isPolled: true,
  describe: () => ({
    get: {
      operationId: 'metrics',
      tags: ['Operation'],
      summary: 'Metrics for Prometheus',
      description:
        'If the service has API keys: only for admin keys, and without a key for clients on the same machine and in the ' +
        'networks of METRICS_ALLOW.',
      responses: {
        200: textResponse('The metrics, in the Prometheus text format 0.0.4.', 'text/plain'),
        ...errorResponses([]),
      },
    },
  }),
  createHandlers: ({ metrics }) => ({
    get: async (c) => c.body(await metrics.render(), 200, { 'content-type': metrics.contentType }),
  }),
});
