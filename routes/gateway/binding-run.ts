import * as z from 'zod';
import { jsonLength } from '../../src/json-pieces.ts';
import { invalidField } from '../../src/errors.ts';
import { chatPathOf, splitModel, targetOf } from '../../src/gateway/providers.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { without } from '../../src/values.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent } from '../openapi-parts.ts';
import { passedOnResponse } from './openapi.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { MODEL_HEADER } from '../workers-ai/schemas/binding.ts';
import { answerByGateway } from './answer-gateway.ts';
import { isServed } from './gateway.ts';
import type { GatewayStep } from './gateway-step.ts';
import { DEFAULT_GATEWAY, fromBindingGateway, gatewayRunRequestSchema } from './schemas/gateway-options.ts';

const API = 'workers-binding';

/** `env.AI.run` with `gateway`. */
export const bindingGatewayRunRoute = defineRoute({
  path: '/workers-binding/ai-gateway/run',
  promise: 'gateway',
  api: API,
  describe: () => ({
    post: {
      operationId: 'runByGateway',
      tags: ['AI Gateway'],
      summary: 'Run a model, as the binding of a Worker asks by a gateway',
      description:
        'As `POST /workers-binding/run`, by the gateway that `options.gateway` names. A model like `openai/gpt-5` is asked in ' +
        "the API of its provider, and answers in it, as Cloudflare's catalog of such models has it.",
      requestParams: {
        header: z.object({
          [MODEL_HEADER]: z.string().optional().meta({ description: 'The model, by its id or by an alias.' }),
        }),
        query: z.object({
          version: z.string().optional().meta({ description: 'Of the protocol; any is taken as 3.' }),
        }),
      },
      requestBody: { required: true, ...jsonContent(gatewayRunRequestSchema, EXAMPLE) },
      responses: {
        200: passedOnResponse('What the model answers.'),
        ...errorResponses([...COMPLETION_ERRORS, 'output_incomplete', 'not_found'], API),
      },
    },
  }),
  createHandlers: (dependencies) => ({ post: (c) => runByGateway(c, dependencies) }),
});

const EXAMPLE = {
  inputs: { prompt: 'Once upon a time', max_tokens: 8 },
  options: { gateway: { id: 'my-gateway', metadata: { user: 7 } } },
};

async function runByGateway(c: AppContext, dependencies: RouteDependencies): Promise<Response> {
  if (c.req.query('userInputs') !== undefined) {
    throw invalidField('inputs', 'has a stream, which no model here takes');
  }
  const body = await readJsonBody(c, dependencies.config.bodyLimitBytes);
  const { inputs, options = {} } = parseInput(gatewayRunRequestSchema, body);
  // How the class hands the answer on is no matter of the answer.
  const { gateway = {} } = options;
  const others = without(options, ['gateway', 'returnRawResponse']);
  const model = c.req.header(MODEL_HEADER);
  const step = await stepOf(model, inputs, others, dependencies);
  return answerByGateway(
    c,
    gateway.id ?? DEFAULT_GATEWAY,
    [{ ...step, options: fromBindingGateway(gateway) }],
    dependencies,
  );
}

async function stepOf(
  model: string | undefined,
  inputs: Record<string, unknown>,
  options: Record<string, unknown>,
  { models }: Pick<RouteDependencies, 'models'>,
): Promise<Omit<GatewayStep, 'options'>> {
  const numBytes = jsonLength(inputs);
  const named = model === undefined || (await isServed(models, model)) ? undefined : splitModel(model);
  if (named === undefined || named.provider === 'workers-ai') {
    const id = named?.model ?? model;
    return {
      provider: 'workers-ai',
      path: id ?? '',
      model: id,
      target: { kind: 'here', path: '/workers-binding/run', api: 'workers-ai' },
      headers: id === undefined ? [] : [[MODEL_HEADER, id]],
      body: { inputs, options },
      numBytes,
    };
  }
  // The binding brings no key of a provider: the model is one of this service's own.
  const path = 'input' in inputs ? 'v1/responses' : chatPathOf(named.provider);
  return {
    provider: named.provider,
    path,
    model: named.model,
    target: targetOf(named.provider, path, new Map()),
    headers: [],
    body: { ...inputs, model: named.model },
    numBytes,
  };
}
