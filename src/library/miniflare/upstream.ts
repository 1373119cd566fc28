/**
 * The Worker that stands behind `env.AI`: Cloudflare's own class sends it what it would send to Cloudflare. It passes all of
 * it on to the service, and tells in Cloudflare's way when that cannot be had. An entrypoint, since the class also calls
 * methods on it: those that need Cloudflare's machines say so.
 *
 * Bindings: SERVICE, an URL; MODELS, ids by names of which one may end in `*`; KEY, a text that may be empty; TIMEOUT_MS.
 */
export const UPSTREAM = `
import { WorkerEntrypoint } from 'cloudflare:workers';

const MODEL_HEADER = 'cf-consn-model-id';

const fault = (status, internalCode, description) =>
  Response.json(
    {
      internalCode,
      name: 'InferenceUpstreamError',
      description,
      message: description,
      errors: [{ code: internalCode, message: description }],
    },
    { status },
  );

function modelOf(name, models) {
  if (Object.hasOwn(models, name)) return models[name];
  const patterns = Object.keys(models).filter((key) => key.endsWith('*') && name.startsWith(key.slice(0, -1)));
  const longest = patterns.sort((one, other) => other.length - one.length)[0];
  return longest === undefined ? name : models[longest];
}

const remoteOnly = (method) => {
  throw new Error(method + ' needs Cloudflare; Tokenflare has no such thing');
};

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const { SERVICE, MODELS, KEY, TIMEOUT_MS } = this.env;
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    const name = headers.get(MODEL_HEADER);
    if (name !== null) headers.set(MODEL_HEADER, modelOf(name, MODELS));
    if (KEY !== '') headers.set('authorization', 'Bearer ' + KEY);
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), TIMEOUT_MS);
    try {
      const url = SERVICE + '/workers-binding' + pathname + search;
      const { method, body } = request;
      return await fetch(url, { method, headers, body, redirect: 'manual', signal: waiting.signal });
    } catch (error) {
      if (waiting.signal.aborted) {
        return fault(408, 3007, 'Tokenflare gave no answer within ' + TIMEOUT_MS + ' ms (timeoutMs)');
      }
      return fault(503, 7009, 'Tokenflare cannot be reached at ' + SERVICE + ': ' + error.message);
    } finally {
      clearTimeout(timer);
    }
  }

  aiSearch() {
    remoteOnly('aiSearch');
  }

  websearch() {
    remoteOnly('websearch');
  }

  autorag() {
    remoteOnly('autorag');
  }

  gateway() {
    remoteOnly('gateway with beta');
  }
}
`;
