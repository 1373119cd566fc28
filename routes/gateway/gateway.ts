import * as z from 'zod';
import { jsonLength } from '../../src/json-pieces.ts';
import { invalidField } from '../../src/errors.ts';
import { threadQueue } from '../../src/fairness/thread-queue.ts';
import { headersForHost } from '../../src/gateway/call-host.ts';
import { mergeOptions } from '../../src/gateway/gateway-options.ts';
import { splitModel, targetOf, type GatewayHosts } from '../../src/gateway/providers.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { readJsonBody, readJsonBodyOrList } from '../../src/http/edge/json-body.ts';
import { readCredentials } from '../../src/http/middleware/authenticate.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { jsonContent } from '../openapi-parts.ts';
import { jsonObjectSchema } from '../shared/schemas/json-object.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { answerByGateway } from './answer-gateway.ts';
import type { GatewayStep } from './gateway-step.ts';
import { gatewayErrors, passedOnResponse, universalResponse } from './openapi.ts';
import {
  gatewayHeadersSchema,
  gatewayId,
  readGatewayHeaders,
  readUniversalRequest,
  UNIVERSAL_EXAMPLE,
  universalRequestSchema,
} from './schemas/gateway-options.ts';

const API = 'ai-gateway';

/** Where Cloudflare's clients look for `https://gateway.ai.cloudflare.com/v1`. Any account is as good. */
const BASE = '/gateway/:account/:gateway';

export const gatewayParams = {
  account: z.string().meta({
    description: 'Any: there are no accounts here.',
    examples: ['local'],
    param: { id: 'gateway-account' },
  }),
  gateway: gatewayId.meta({
    description: 'Any name: a gateway is there when it is asked.',
    param: { id: 'gateway' },
  }),
};

const gatewayHeaders = z.object(inputsOf(gatewayHeadersSchema.shape));

/** For the document: what comes is text. */
function inputsOf(shape: typeof gatewayHeadersSchema.shape): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => [
      name,
      z
        .string()
        .optional()
        .meta({ ...schema.meta(), param: { id: name } }),
    ]),
  );
}

/** A request to one provider. */
export const gatewayRoute = defineRoute({
  path: `${BASE}/:provider/:endpoint{.+}`,
  promise: 'gateway',
  api: API,
  describe: () => ({
    post: {
      operationId: 'askProvider',
      tags: ['AI Gateway'],
      summary: "Ask a model by a gateway, at a provider's own path",
      description:
        'The provider is `workers-ai`, `openai`, `anthropic`, `compat` or another that speaks the API of OpenAI. All of them ' +
        "are this service's own models, unless GATEWAY_HOSTS says otherwise. Body and answer are the provider's; " +
        '`compat/chat/completions` takes models as `provider/model`.',
      requestParams: {
        path: z.object({
          ...gatewayParams,
          provider: z.string(),
          endpoint: z.string().meta({ description: 'A path of the provider, like `chat/completions`.' }),
        }),
        header: gatewayHeaders,
      },
      requestBody: {
        required: true,
        ...jsonContent(jsonObjectSchema, { prompt: 'Once upon a time', max_tokens: 8 }),
      },
      responses: { 200: passedOnResponse("The provider's."), ...gatewayErrors() },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const gateway = readGatewayId(c.req.param('gateway'));
      const options = readGatewayHeaders(c.req.raw.headers);
      const body = await readJsonBody(c, dependencies.config.bodyLimitBytes);
      const [provider, endpoint] = [c.req.param('provider'), endpointOf(c)];
      const headers = await withoutOwnKeys(c, headersForHost([...c.req.raw.headers]), dependencies);
      const sent = { provider, endpoint, headers, query: body };
      const step = await toStep(sent, dependencies);
      return answerByGateway(c, gateway, [{ ...step, options }], dependencies);
    },
  }),
});

/** A list of requests that are tried in order. */
export const universalRoute = defineRoute({
  path: BASE,
  promise: 'gateway',
  api: API,
  describe: () => ({
    post: {
      operationId: 'askProviders',
      tags: ['AI Gateway'],
      summary: 'Ask several providers by a gateway, until one answers',
      description:
        'Each entry of the list is a request to a provider. They are tried in order, until an answer is good; `cf-aig-step` ' +
        'says which it was. What an entry says of itself, by headers or by `config`, goes before the headers of the request.',
      requestParams: { path: z.object(gatewayParams), header: gatewayHeaders },
      requestBody: { required: true, ...jsonContent(universalRequestSchema, UNIVERSAL_EXAMPLE) },
      responses: { 200: universalResponse(), ...gatewayErrors() },
    },
  }),
  createHandlers: (dependencies) => ({
    post: (c) => answerUniversal(c, c.req.param('gateway'), dependencies),
  }),
});

/** Answers a list of requests. */
export async function answerUniversal(
  c: AppContext,
  gateway: string,
  dependencies: RouteDependencies,
): Promise<Response> {
  const body = await readJsonBodyOrList(c, dependencies.config.bodyLimitBytes);
  // A list takes as long to read as many requests.
  await threadQueue.take(c.get('scope').clientId, c.req.raw.signal);
  const id = readGatewayId(gateway);
  const common = readGatewayHeaders(c.req.raw.headers);
  const entries = readUniversalRequest(body);
  const steps: GatewayStep[] = [];
  for (const entry of entries) {
    const headers = await withoutOwnKeys(c, checkedHeaders(entry.headers), dependencies);
    const step = await toStep({ ...entry, headers }, dependencies);
    steps.push({ ...step, options: mergeOptions(common, entry.options) });
  }
  return answerByGateway(c, id, steps, dependencies);
}

const gatewayIdSchema = z.object({ gateway: gatewayId });

/** @throws EngineError `invalid_request` */
export const readGatewayId = (gateway: string): string => parseInput(gatewayIdSchema, { gateway }).gateway;

/** What is behind the provider, as it came. */
function endpointOf(c: AppContext): string {
  const { pathname, search } = new URL(c.req.url);
  // Behind /gateway, the account, the gateway and the provider.
  return pathname.split('/').slice(5).join('/') + search;
}

interface SentRequest {
  readonly provider: string;
  readonly endpoint: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly query: Record<string, unknown>;
}

/** @throws EngineError `invalid_request`, `not_found` for a provider or a path that leads nowhere */
async function toStep(
  { provider, endpoint, headers, query }: SentRequest,
  { models, config }: Pick<RouteDependencies, 'models' | 'config'>,
): Promise<Omit<GatewayStep, 'options'>> {
  const path = endpoint.replace(/^\/+/, '');
  const { model } = query;
  const asked = typeof model === 'string' ? model : modelInPath(provider, path);
  const step = { path, model: asked, headers, numBytes: jsonLength(query) };
  const hosts: GatewayHosts = config.gatewayHosts;
  const named = provider === 'compat' && asked !== undefined ? splitModel(asked) : undefined;
  if (named === undefined || (!hosts.has(named.provider) && (await isServed(models, asked)))) {
    return { ...step, provider, body: query, target: targetOf(provider, path, hosts) };
  }
  const target = targetOf(hosts.has(named.provider) ? named.provider : 'compat', path, hosts);
  return { ...step, provider: named.provider, body: { ...query, model: named.model }, target };
}

/** Whether an id is that of a model, or an alias: it may begin like one of a provider. */
export async function isServed(
  models: RouteDependencies['models'],
  id: string | undefined,
): Promise<boolean> {
  return models.idOf(id).then(
    () => true,
    () => false,
  );
}

function modelInPath(provider: string, path: string): string | undefined {
  if (provider !== 'workers-ai' || path.startsWith('v1/')) return undefined;
  try {
    return decodeURIComponent(path.replace(/^run\//, '').replace(/\?.*$/s, ''));
  } catch {
    return undefined;
  }
}

/** Headers for a provider. A key of this service is in none of them. */
async function withoutOwnKeys(
  c: AppContext,
  headers: readonly (readonly [string, string])[],
  { access }: Pick<RouteDependencies, 'access'>,
): Promise<readonly (readonly [string, string])[]> {
  const own: string[] = [];
  const came = [c.req.raw.headers, new Headers(headers as [string, string][])].flatMap(readCredentials);
  for (const key of new Set(came)) {
    if ((await access.keys?.check([key]))?.isValid === true) own.push(key);
  }
  return headers.filter(([, value]) => !own.some((key) => value.includes(key)));
}

/** @throws EngineError `invalid_request` for what is no header of HTTP */
function checkedHeaders(
  headers: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  try {
    return [...new Headers(headers as [string, string][])];
  } catch {
    throw invalidField('headers', 'must have names and values as HTTP has them');
  }
}
