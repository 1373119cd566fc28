/**
 * The Worker that stands behind `env.AI`: Cloudflare's own class sends it what it would send to Cloudflare. It passes all of
 * it on to the service, and tells in Cloudflare's way when that cannot be had. An entrypoint, since the class also calls
 * methods on it: those that need Cloudflare's machines say so.
 *
 * Bindings: SERVICE, an URL; MODELS, ids by names of which one may end in `*`; KEEPS_IDS, whether the service has these itself;
 * STUBS, such names and where they are answered; KEY, a text that may be empty; TIMEOUT_MS.
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

// A longer pattern fits better; -1: it does not.
const fitOf = (pattern, name) =>
  pattern === name ? Infinity : pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1)) ? pattern.length : -1;

const bestOf = (patterns, name) =>
  patterns.reduce((best, pattern) => (fitOf(pattern, name) > best.fit ? { pattern, fit: fitOf(pattern, name) } : best), {
    pattern: '',
    fit: -1,
  });

const RUNS = ['/run', '/ai-gateway/run'];
// An unknown model, and a model that has no such task.
const NOT_HERE = [5006, 5007];
const HOW = 'a module of your own can answer it: set stubs in the options of the binding';

/** Says how to set a stub where there is no model for a call. */
async function withHint(response, hasStream) {
  if (response.ok || response.headers.get('content-type') !== 'application/json') return response;
  const body = await response.json();
  const isMissing = NOT_HERE.includes(body.internalCode) || (hasStream && response.status === 400);
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  const text = isMissing ? body.description + '; ' + HOW : body.description;
  const told = isMissing
    ? { ...body, description: text, message: text, errors: [{ code: body.internalCode, message: text }] }
    : body;
  return new Response(JSON.stringify(told), { status: response.status, headers });
}

/** An entry of a list of requests to providers: its model is in the path, or in the body. */
function renamed(entry, models) {
  const modelOf = (name) => models[bestOf(Object.keys(models), name).pattern] ?? name;
  const { provider, endpoint, query } = entry;
  if (provider === 'workers-ai' && typeof endpoint === 'string') return { ...entry, endpoint: modelOf(endpoint) };
  if (typeof query?.model !== 'string') return entry;
  return { ...entry, query: { ...query, model: modelOf(query.model) } };
}

const needsCloudflare = (what) => what + ' needs Cloudflare; Tokenflare has no such thing';

/** A body that ends in an error once nothing has come for as long as a Worker waits. The service pings streams. */
function guarded(body, { abort, arm, rest }) {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        arm();
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } finally {
          rest();
        }
      },
      cancel(reason) {
        abort();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Aborts a request that says nothing for so long. */
function patience(limitMs) {
  const waiting = new AbortController();
  const abort = () => waiting.abort();
  let timer;
  const rest = () => clearTimeout(timer);
  const arm = () => (timer = setTimeout(abort, limitMs));
  return { signal: waiting.signal, abort, arm, rest };
}

const remoteOnly = (method) => {
  throw new Error(needsCloudflare(method));
};

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const { SERVICE, MODELS, KEEPS_IDS, STUBS, KEY, TIMEOUT_MS } = this.env;
    const { pathname, search, searchParams } = new URL(request.url);
    const headers = new Headers(request.headers);
    const name = headers.get(MODEL_HEADER);
    if (pathname.startsWith('/autorag/')) return fault(404, 7000, needsCloudflare('AutoRAG'));
    if (headers.get('upgrade') === 'websocket') {
      return fault(400, 5006, "'" + name + "' speaks over no websocket here: no model does; leave websocket out");
    }
    if (name !== null) {
      const model = bestOf(Object.keys(MODELS), name);
      const stub = bestOf(STUBS.ids, name);
      if (RUNS.includes(pathname) && stub.fit >= Math.max(model.fit, 0)) return this.askStub(request, pathname + search, stub.pattern);
      if (model.fit >= 0 && !KEEPS_IDS) headers.set(MODEL_HEADER, MODELS[model.pattern]);
    }
    if (KEY !== '') headers.set('authorization', 'Bearer ' + KEY);
    const waiting = patience(TIMEOUT_MS);
    waiting.arm();
    try {
      const url = SERVICE + '/workers-binding' + pathname + search;
      const { method } = request;
      const isList = pathname.startsWith('/ai-gateway/universal/run/');
      const body = isList && !KEEPS_IDS
        ? JSON.stringify((await request.json()).map((entry) => renamed(entry, MODELS)))
        : request.body;
      const response = await fetch(url, { method, headers, body, redirect: 'manual', signal: waiting.signal });
      const answer = RUNS.includes(pathname) ? await withHint(response, searchParams.has('userInputs')) : response;
      return answer.body === null ? answer : new Response(guarded(answer.body, waiting), answer);
    } catch (error) {
      if (waiting.signal.aborted) {
        return fault(408, 3007, 'Tokenflare gave no answer within ' + TIMEOUT_MS + ' ms (timeoutMs)');
      }
      return fault(503, 7009, 'Tokenflare cannot be reached at ' + SERVICE + ': ' + error.message);
    } finally {
      waiting.rest();
    }
  }

  async askStub(request, path, id) {
    const { url, key } = this.env.STUBS;
    const headers = new Headers(request.headers);
    headers.set('x-stub-key', key);
    headers.set('x-stub-id', id);
    const { method, body } = request;
    try {
      return await fetch(url + path, { method, headers, body, redirect: 'manual' });
    } catch (error) {
      return fault(503, 7009, 'the stubs of the binding cannot be reached: ' + error.message);
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
