import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { toEngineError } from '../../errors.ts';
import { toErrorBody } from '../../http/error-response.ts';
import { createService, type ServiceSettings, type TokenflareService } from '../create-service.ts';

/** By their settings: what reloads keeps its service. */
const services = new Map<string, Promise<string>>();

/**
 * The address of a service with these settings in this process. It listens at once, and holds requests until its model is
 * loaded; one whose model cannot be loaded says so to each request. Nothing of it keeps the process.
 */
export function ownServiceUrl(settings: ServiceSettings): Promise<string> {
  const key = JSON.stringify(settings);
  const known = services.get(key) ?? start(settings);
  services.set(key, known);
  return known;
}

async function start(settings: ServiceSettings): Promise<string> {
  const starting = createService(settings, { keepsProcess: false });
  tellOf(starting);
  const listener = getRequestListener(async (request, env) => {
    try {
      const { app } = await starting;
      return await app.fetch(request, env);
    } catch (error) {
      return Response.json(toErrorBody(toEngineError(error), { api: 'workers-binding' }, 'start'), {
        status: 500,
      });
    }
  });
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  server.on('connection', (socket) => socket.unref());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function tellOf(starting: Promise<TokenflareService>): void {
  say('loading the model of env.AI …');
  starting.then(
    ({ model: { id, runtime, contextLength } }) =>
      say(`env.AI is ${id} on ${runtime}, with a context of ${contextLength} tokens`),
    (error: unknown) => say(`env.AI has no model: ${messageOf(error)}`),
  );
}

/** A line for the tool's user. */
export const say = (text: string): void => void process.stderr.write(`tokenflare: ${text}\n`);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
