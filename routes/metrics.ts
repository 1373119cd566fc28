import { defineRoute } from './define-route.ts';
import { errorResponses, textResponse } from './openapi-parts.ts';

/** What Prometheus scrapes. */
export const metricsRoute = defineRoute({
  path: '/metrics',
  describe: () => ({
    get: {
      operationId: 'metrics',
      tags: ['Operation'],
      summary: 'Metrics for Prometheus',
      description: 'Where there are keys: for admin keys, and for this machine without one.',
      responses: { 200: textResponse('Text format 0.0.4.', 'text/plain'), ...errorResponses([]) },
    },
  }),
  createHandlers: ({ metrics }) => ({
    get: async (c) => c.body(await metrics.render(), 200, { 'content-type': metrics.contentType }),
  }),
});
