import * as z from 'zod';
import { EngineError } from '../../src/errors.ts';
import type { GatewayLog, LogKey } from '../../src/gateway/logs/gateway-log.ts';
import type { LogCaller } from '../../src/gateway/logs/gateway-logs.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { visibleOwner } from '../../src/http/middleware/visible-owner.ts';
import { clip } from '../../src/values.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import { answerUniversal, gatewayParams, readGatewayId } from './gateway.ts';
import { UNIVERSAL_EXAMPLE, universalRequestSchema } from './schemas/gateway-options.ts';
import {
  bindingLogSchema,
  bindingUrlSchema,
  enveloped,
  gatewayUrlSchema,
  logListQuerySchema,
  logListSchema,
  logPatchedSchema,
  logPatchSchema,
  logSchema,
  metadataText,
  readLogPatch,
  readLogQuery,
  toDetailFields,
  toLogFields,
} from './schemas/gateway-logs.ts';
import { gatewayErrors, universalResponse } from './openapi.ts';

/** What the REST API of Cloudflare has of a gateway, below the base of an account. */
const REST = '/ai-gateway/gateways/:gateway';
/** What the class behind `env.AI.gateway(id)` asks (workerd, aig-api.ts). */
const BINDING = '/workers-binding/ai-gateway/gateways/:gateway';

const gatewayParam = { gateway: gatewayParams.gateway };
const logParams = {
  ...gatewayParam,
  log: z.string().meta({ description: 'As `cf-aig-log-id` has it.', param: { id: 'gateway-log' } }),
};
const OWN_LOGS = "A client's own. An admin key sees all.";

/** The logs of a gateway, the newest first. */
export const gatewayLogsRoute = defineRoute({
  path: `${REST}/logs`,
  promise: 'gateway',
  api: 'workers-ai',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'listGatewayLogs',
      tags: ['AI Gateway'],
      summary: 'The requests that went through a gateway',
      description: OWN_LOGS,
      requestParams: { path: z.object(gatewayParam), query: logListQuerySchema },
      responses: {
        200: jsonResponse('A page of the logs.', logListSchema, 'workers-ai'),
        ...errorResponses(['invalid_request', 'internal'], 'workers-ai'),
      },
    },
  }),
  createHandlers: ({ gateway: { logs } }) => ({
    get: async (c) => {
      const owner = { ownerId: visibleOwner(c), gateway: readGatewayId(c.req.param('gateway')) };
      const { query, page } = readLogQuery(c.req.query(), owner);
      const found = await logs.list(query, callerOf(c));
      const result = found.logs.map((log) => ({ ...toLogFields(log), metadata: metadataText(log) }));
      const info = { count: result.length, page, per_page: query.limit, total_count: found.numLogs };
      return c.json({ ...enveloped(result), result_info: info });
    },
  }),
});

/** One log. */
export const gatewayLogRoute = defineRoute({
  path: `${REST}/logs/:log`,
  promise: 'gateway',
  api: 'workers-ai',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'retrieveGatewayLog',
      tags: ['AI Gateway'],
      summary: 'A request that went through a gateway',
      description: OWN_LOGS,
      requestParams: { path: z.object(logParams) },
      responses: {
        200: jsonResponse('The log.', logSchema, 'workers-ai'),
        ...errorResponses(['invalid_request', 'not_found', 'internal'], 'workers-ai'),
      },
    },
    patch: {
      operationId: 'changeGatewayLog',
      tags: ['AI Gateway'],
      summary: 'Say how good an answer was',
      description: 'Feedback, a score, or other metadata.',
      requestParams: { path: z.object(logParams) },
      requestBody: { required: true, ...jsonContent(logPatchSchema) },
      responses: {
        200: jsonResponse('It is noted.', logPatchedSchema, 'workers-ai'),
        ...errorResponses(['invalid_request', 'not_found', 'payload_too_large', 'internal'], 'workers-ai'),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    get: async (c) => {
      const log = await findLog(c, c.req.param(), dependencies);
      return c.json(enveloped({ ...toLogFields(log), ...toDetailFields(log), metadata: metadataText(log) }));
    },
    patch: (c) => patchLog(c, c.req.param(), dependencies),
  }),
});

/** Where a gateway is asked. */
export const gatewayUrlRoute = defineRoute({
  path: `${REST}/url/:provider`,
  promise: 'gateway',
  api: 'workers-ai',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'gatewayUrl',
      tags: ['AI Gateway'],
      summary: 'The URL of a provider behind a gateway',
      description: 'For a client of the provider, as its base URL. `universal` is that of lists of requests.',
      requestParams: { path: z.object({ ...gatewayParam, provider: z.string() }) },
      responses: {
        200: jsonResponse('The URL.', gatewayUrlSchema, 'workers-ai'),
        ...errorResponses(['invalid_request'], 'workers-ai'),
      },
    },
  }),
  createHandlers: () => ({ get: (c) => c.json(enveloped(urlOf(c, c.req.param()))) }),
});

/** `env.AI.gateway(id).getLog` and `.patchLog`. */
export const bindingLogRoute = defineRoute({
  path: `${BINDING}/logs/:log`,
  promise: 'gateway',
  api: 'workers-binding',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'retrieveGatewayLogByBinding',
      tags: ['AI Gateway'],
      summary: 'A request that went through a gateway, as the binding of a Worker asks',
      requestParams: { path: z.object(logParams) },
      responses: {
        200: jsonResponse('The log.', bindingLogSchema, 'workers-binding'),
        ...errorResponses([], 'workers-binding'),
      },
    },
    patch: {
      operationId: 'changeGatewayLogByBinding',
      tags: ['AI Gateway'],
      summary: 'Say how good an answer was, as the binding of a Worker does',
      requestParams: { path: z.object(logParams) },
      requestBody: { required: true, ...jsonContent(logPatchSchema) },
      responses: {
        200: jsonResponse('It is noted.', logPatchedSchema, 'workers-binding'),
        ...errorResponses([], 'workers-binding'),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    get: async (c) => {
      const log = await findLog(c, c.req.param(), dependencies);
      const { metadata = null } = log;
      return c.json(enveloped({ ...toLogFields(log), ...toDetailFields(log), metadata }));
    },
    patch: (c) => patchLog(c, c.req.param(), dependencies),
  }),
});

/** `env.AI.gateway(id).getUrl`. */
export const bindingUrlRoute = defineRoute({
  path: `${BINDING}/url/:provider`,
  promise: 'gateway',
  api: 'workers-binding',
  isUnlimited: true,
  describe: () => ({
    get: {
      operationId: 'gatewayUrlByBinding',
      tags: ['AI Gateway'],
      summary: 'The URL of a provider behind a gateway, as the binding of a Worker asks',
      requestParams: { path: z.object({ ...gatewayParam, provider: z.string() }) },
      responses: {
        200: jsonResponse('The URL.', bindingUrlSchema, 'workers-binding'),
        ...errorResponses([], 'workers-binding'),
      },
    },
  }),
  createHandlers: () => ({ get: (c) => c.json(enveloped({ url: urlOf(c, c.req.param()) })) }),
});

/** `env.AI.gateway(id).run`. */
export const bindingUniversalRoute = defineRoute({
  path: '/workers-binding/ai-gateway/universal/run/:gateway',
  promise: 'gateway',
  api: 'ai-gateway',
  describe: () => ({
    post: {
      operationId: 'askProvidersByBinding',
      tags: ['AI Gateway'],
      summary: 'Ask several providers by a gateway, as the binding of a Worker does',
      requestParams: { path: z.object(gatewayParam) },
      requestBody: { required: true, ...jsonContent(universalRequestSchema, UNIVERSAL_EXAMPLE) },
      responses: { 200: universalResponse(), ...gatewayErrors() },
    },
  }),
  createHandlers: (dependencies) => ({
    post: (c) => answerUniversal(c, c.req.param('gateway'), dependencies),
  }),
});

interface LogParams {
  readonly gateway: string;
  readonly log: string;
}

const keyOf = (c: AppContext, { gateway, log }: LogParams): LogKey => ({
  id: log,
  ownerId: visibleOwner(c),
  gateway: readGatewayId(gateway),
});

const callerOf = (c: AppContext): LogCaller => ({
  clientId: c.get('scope').clientId,
  signal: c.req.raw.signal,
});

/** @throws EngineError `not_found`, also for a log that the client may not see */
async function findLog(
  c: AppContext,
  params: LogParams,
  { gateway }: RouteDependencies,
): Promise<GatewayLog> {
  const log = await gateway.logs.find(keyOf(c, params), callerOf(c));
  if (log === undefined) throw noLog(params);
  return log;
}

async function patchLog(
  c: AppContext,
  params: LogParams,
  dependencies: RouteDependencies,
): Promise<Response> {
  const { gateway, config } = dependencies;
  const patch = readLogPatch(await readJsonBody(c, config.bodyLimitBytes));
  if (!(await gateway.logs.patch(keyOf(c, params), patch, callerOf(c)))) throw noLog(params);
  return c.json(enveloped({}));
}

const noLog = ({ gateway, log }: LogParams): EngineError =>
  new EngineError('not_found', `the gateway '${clip(gateway)}' has no log '${clip(log)}' of yours`, {
    param: 'log',
  });

/** Where this service is, as its client calls it. */
function urlOf(c: AppContext, { gateway, provider }: { gateway: string; provider: string }): string {
  const { host, protocol } = new URL(c.req.url);
  // A proxy that speaks for the client may have ended its TLS.
  const isSecure = c.get('scope').isProxied && c.req.header('x-forwarded-proto') === 'https';
  const base = `${isSecure ? 'https:' : protocol}//${host}${c.env.mountPath ?? ''}/gateway/local/${readGatewayId(gateway)}`;
  return provider === 'universal' ? base : `${base}/${encodeURIComponent(provider)}`;
}
