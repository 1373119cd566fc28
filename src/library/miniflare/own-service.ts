import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { toEngineError } from '../../errors.ts';
import { toErrorBody } from '../../http/error-response.ts';
import type { ApiFamily } from '../../http/route-facts.ts';
import { createService, type ServiceSettings, type TokenflareService } from '../create-service.ts';
import { messageOf } from '../../values.ts';

interface OwnService {
  readonly settings: ServiceSettings;
  readonly starting: Promise<TokenflareService>;
  readonly url: Promise<string>;
}

/** By their settings: what reloads keeps its service. */
const services = new Map<string, OwnService>();
const vectorUrls = new Map<string, Promise<string>>();

/**
 * The address of a service with these settings in this process. It listens at once, and holds requests until its model is
 * loaded; one whose model cannot be loaded says so to each request. Nothing of it keeps the process.
 */
export const ownServiceUrl = (settings: ServiceSettings): Promise<string> => ownService(settings).url;

/**
 * The address of a service with these settings, whatever its others are: the indexes of vectors are then where env.AI is, and
 * one model is loaded. Which service that is shows with the first request, when all bindings are known.
 */
export function vectorServiceUrl(settings: ServiceSettings): Promise<string> {
  const key = JSON.stringify(settings);
  const known = vectorUrls.get(key) ?? listen(() => serviceWith(settings).starting, 'vectorize-binding');
  vectorUrls.set(key, known);
  return known;
}

function serviceWith(settings: ServiceSettings): OwnService {
  const wanted = Object.entries(settings);
  const fitting = [...services.values()].find((service) =>
    wanted.every(([name, value]) => Reflect.get(service.settings, name) === value),
  );
  return fitting ?? ownService(settings);
}

function ownService(settings: ServiceSettings): OwnService {
  const key = JSON.stringify(settings);
  const known = services.get(key);
  if (known !== undefined) return known;
  const starting = createService(settings, { keepsProcess: false });
  tellOf(starting);
  const service = { settings, starting, url: listen(() => starting, 'workers-binding') };
  services.set(key, service);
  return service;
}

async function listen(serviceOf: () => Promise<TokenflareService>, api: ApiFamily): Promise<string> {
  const listener = getRequestListener(async (request, env) => {
    try {
      const { app } = await serviceOf();
      return await app.fetch(request, env);
    } catch (error) {
      return Response.json(toErrorBody(toEngineError(error), { api }, 'start'), { status: 500 });
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
