import * as z from 'zod';
import { defineRoute } from '../define-route.ts';
import { jsonResponse, NO_SECURITY, openErrorResponses } from '../openapi-parts.ts';
import { EngineError } from '../../src/errors.ts';
import { VERSION } from '../../src/version.ts';

/** Says that the service process is alive. */
export const healthRoute = defineRoute({
  path: '/health',
  promise: 'health',
  access: 'open',
  isPolled: true,
  describe: () => ({
    get: {
      operationId: 'health',
      tags: ['Operation'],
      summary: 'Whether the service process is alive',
      description: 'Answers while models load and while the service drains. It needs no key.',
      security: NO_SECURITY,
      responses: {
        200: jsonResponse('The service process is alive.', healthSchema),
        ...openErrorResponses([]),
      },
    },
  }),
  createHandlers: ({ models: { defaultEngine: engine } }) => ({
    get: (c) => {
      const body: HealthBody = { status: 'ok', version: VERSION, engine: engine.state };
      return c.json(body);
    },
  }),
});

/** Says that the default model accepts requests. */
export const readyRoute = defineRoute({
  path: '/ready',
  promise: 'health',
  access: 'open',
  isPolled: true,
  describe: () => ({
    get: {
      operationId: 'ready',
      tags: ['Operation'],
      summary: 'Whether the default model accepts requests',
      description:
        'Unavailable while the model loads, while its engine restarts, while the service is short of memory, and ' +
        'while it drains.',
      security: NO_SECURITY,
      responses: {
        200: jsonResponse('The default model accepts requests.', readySchema),
        ...openErrorResponses(['engine_not_ready']),
      },
    },
  }),
  createHandlers: ({ models: { defaultEngine: engine }, ownProcess }) => ({
    get: (c) => {
      if (ownProcess?.memory.isShort === true) {
        throw new EngineError('engine_not_ready', 'the service is short of memory; try again later');
      }
      if (ownProcess?.isLeaving === true) {
        throw new EngineError('engine_not_ready', 'the service is about to stop; send requests elsewhere');
      }
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

const healthSchema = z
  .object({
    status: z.literal('ok'),
    version: z.string().meta({ description: 'Of the service.' }),
    engine: z.enum(['loading', 'ready', 'draining', 'stopped']),
  })
  .meta({ id: 'Health' });

const readySchema = z.object({ status: z.literal('ready'), model: z.string() }).meta({ id: 'Ready' });

type HealthBody = z.output<typeof healthSchema>;
type ReadyBody = z.output<typeof readySchema>;
