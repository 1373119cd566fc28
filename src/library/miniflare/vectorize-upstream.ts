/**
 * The Worker that stands behind a Worker's Vectorize: Cloudflare's own class sends it what it would send to Cloudflare. It
 * passes that on to the service, below the index, which it makes first where CONFIG says how.
 *
 * Bindings: SERVICE, an URL; INDEX, a name; CONFIG, null or dimensions and metric; KEY, a text that may be empty; TIMEOUT_MS.
 */
export const VECTORIZE_UPSTREAM = `
const ALREADY_THERE = 3002;

const fault = (status, code, error) => Response.json({ error, code }, { status });

let making;

const withKey = ({ KEY }, headers) => (KEY === '' ? headers : { ...headers, authorization: 'Bearer ' + KEY });

async function make(env) {
  const { SERVICE, INDEX, CONFIG } = env;
  const response = await fetch(SERVICE + '/client/v4/accounts/local/vectorize/v2/indexes', {
    method: 'POST',
    headers: withKey(env, { 'content-type': 'application/json' }),
    body: JSON.stringify({ name: INDEX, config: CONFIG }),
  });
  const { errors = [] } = await response.json();
  const [{ code, message } = {}] = errors;
  if (response.ok || code === ALREADY_THERE) return undefined;
  return { status: response.status, code, message: 'the index ' + INDEX + ' cannot be made: ' + message };
}

/** Once; what failed is tried again. */
async function madeOf(env) {
  if (env.CONFIG === null) return undefined;
  making ??= make(env);
  try {
    const failure = await making;
    if (failure !== undefined) making = undefined;
    return failure;
  } catch (error) {
    making = undefined;
    throw error;
  }
}

export default {
  async fetch(request, env) {
    const { SERVICE, INDEX, TIMEOUT_MS } = env;
    const { pathname } = new URL(request.url);
    const waiting = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const failure = await madeOf(env);
      if (failure !== undefined) return fault(failure.status, failure.code, failure.message);
      const { method, body } = request;
      const headers = withKey(env, Object.fromEntries(request.headers));
      const url = SERVICE + '/workers-binding/vectorize/' + INDEX + pathname;
      return await fetch(url, { method, headers, body, redirect: 'manual', signal: waiting });
    } catch (error) {
      if (waiting.aborted) {
        return fault(408, 3007, 'Tokenflare gave no answer within ' + TIMEOUT_MS + ' ms (timeoutMs)');
      }
      return fault(503, 7009, 'Tokenflare cannot be reached at ' + SERVICE + ': ' + error.message);
    }
  },
};
`;
