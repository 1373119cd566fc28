import * as z from 'zod';
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { header, listedResponse, rangesOfErrors } from '../openapi-parts.ts';

/** What the operations of gateways have in common in the OpenAPI document. */

const gatewayHeaders = {
  'cf-aig-log-id': header('cf-aig-log-id', 'The log of the request; absent where there is none.'),
  'cf-aig-cache-status': header('cf-aig-cache-status', '`HIT` or `MISS`.'),
  'cf-aig-step': header('cf-aig-step', 'Which request of a list was answered, counted from 0.'),
  'cf-aig-run-id': header(
    'cf-aig-run-id',
    'Of a stream that can be resumed: where `…/run/{run}/resume` finds it.',
  ),
  'cf-aig-event-id': header('cf-aig-event-id', "The request's own."),
};

/** The answer of a route behind a gateway, whichever that is. */
export function passedOnResponse(description: string): ZodOpenApiResponseObject {
  return {
    description: `${description} With \`stream\`: events.`,
    content: {
      // A model that classifies answers with a list.
      'application/json': { schema: z.union([z.looseObject({}), z.array(z.unknown())]) },
      'text/event-stream': { schema: z.looseObject({}) },
    },
    headers: z.object(gatewayHeaders),
  };
}

/** The answer to a list of requests. */
export const universalResponse = (): ZodOpenApiResponseObject =>
  listedResponse('ai-gateway-universal', passedOnResponse('That of the provider whose answer it is.'));

/** Errors behind a gateway are those of a provider, or of the gateway itself. */
export const gatewayErrors = (): ZodOpenApiResponsesObject => rangesOfErrors('ai-gateway', gatewayHeaders);
