import { EngineError } from '../src/errors.ts';
import { defineRoute } from './define-route.ts';
import { jsonResponse, NO_SECURITY, openErrorResponses } from './openapi-parts.ts';
import { healthSchema, readySchema, type HealthBody, type ReadyBody } from './schemas/health.ts';

/** Says that the process lives. */
export const healthRoute = defineRoute({
  path: '/health',
  describe: () => ({
    get: {
      operationId: 'health',
      tags: ['Operation'],
      summary: 'The process lives',
      security: NO_SECURITY,
      responses: { 200: jsonResponse('It does.', healthSchema), ...openErrorResponses([]) },
    },
  }),
  createHandlers: ({ models: { defaultEngine: engine } }) => ({
    get: (c) => {
      const body: HealthBody = { status: 'ok', engine: engine.state };
      return c.json(body);
    },
  }),
});

/** Says that the default model takes requests. */
export const readyRoute = defineRoute({
  path: '/ready',
  describe: () => ({
    get: {
      operationId: 'ready',
      tags: ['Operation'],
      summary: 'Requests are taken',
      security: NO_SECURITY,
      responses: { 200: jsonResponse('They are.', readySchema), ...openErrorResponses(['engine_not_ready']) },
    },
  }),
  createHandlers: ({ models: { defaultEngine: engine } }) => ({
    get: (c) => {
      if (engine.state !== 'ready') {
        throw new EngineError('engine_not_ready', `the engine is ${engine.state}; try again later`);
      }
      // An engine that stopped while it was idle is noticed by a ping only.
      engine.ping();
      const body: ReadyBody = { status: 'ready', model: engine.model.id };
      return c.json(body);
    },
  }),
});
