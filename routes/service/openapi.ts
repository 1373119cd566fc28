import { defineRoute } from '../define-route.ts';
import { NO_SECURITY, openErrorResponses, textResponse } from '../openapi-parts.ts';

/** The description of every route, as it lies in the repository. */
export const openApiRoute = defineRoute({
  path: '/openapi.yaml',
  promise: 'health',
  access: 'open',
  describe: () => ({
    get: {
      operationId: 'openApi',
      tags: ['Operation'],
      summary: 'This document',
      description: 'As it lies in the repository, made from the routes and the schemas that check requests.',
      security: NO_SECURITY,
      responses: {
        200: textResponse('This document, in OpenAPI 3.1.', 'application/yaml'),
        ...openErrorResponses([]),
      },
    },
  }),
  createHandlers: ({ openApiDocument }) => ({
    get: (c) => c.body(openApiDocument, 200, { 'content-type': 'application/yaml; charset=utf-8' }),
  }),
});
