import { EngineError } from '../errors.ts';
import { hasCode } from '../values.ts';

const DEFAULT_ENDPOINT = 'https://huggingface.co';
/** What an HTTP header may hold; undici's error on anything else would print the token. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Where models are pulled from: the Hugging Face hub, or a mirror that speaks as it does. */
export interface Hub {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /**
   * As the global one; requests to the endpoint's own origin carry the token, and those only: the fetch standard drops
   * it on a redirect to another origin. Rejects with an EngineError when there is no answer, or not one of success.
   */
  readonly fetch: typeof fetch;
}

/**
 * The hub that an environment names by `HF_ENDPOINT` and `HF_TOKEN`, the variables of Hugging Face's own clients.
 * @throws EngineError `config_invalid` naming the variable
 */
export function openHub(environment: NodeJS.ProcessEnv, signal: AbortSignal): Hub {
  const endpoint = readEndpoint(environment['HF_ENDPOINT']);
  const token = readToken(environment['HF_TOKEN']);
  const { origin } = new URL(endpoint);
  return {
    endpoint,
    fetch: async (input, init) => {
      const request = new Request(input, { ...init, signal });
      if (token !== undefined && new URL(request.url).origin === origin)
        request.headers.set('authorization', `Bearer ${token}`);
      const response = await answerOf(request, signal);
      if (response.ok) return response;
      throw await hubError(response, endpoint, token !== undefined);
    },
  };
}

async function answerOf(request: Request, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    signal.throwIfAborted();
    throw brokenConnection(new URL(request.url).host, cause);
  }
}

/** No answer, or one that broke off: trying again may help. */
export function brokenConnection(host: string, cause: unknown): EngineError {
  const reasons = [cause, cause instanceof Error ? cause.cause : undefined].filter(
    (error): error is Error => error instanceof Error,
  );
  const reason = reasons.map(({ message }) => message).filter((message) => message !== '');
  return new EngineError('download_failed', `the connection to ${host} failed: ${reason.join(': ')}`, {
    retryable: true,
    cause,
  });
}

/** What Node and its fetch say where no connection comes to be: no name server, no route, no answer, a closed port. */
const UNREACHABLE = [
  ...['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL'],
  ...['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'],
];

/**
 * What a failed first request to the hub means: where no connection came to be there is no network, or no such hub, and
 * trying again would hide that for a while. Other errors are returned as they are.
 */
export function firstContactError(error: unknown, endpoint: string): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!hasCode(cause, ...UNREACHABLE)) continue;
    const problem = `${endpoint} cannot be reached (${cause.message || String(Reflect.get(cause, 'code'))})`;
    return new EngineError(
      'download_failed',
      `${problem}: is there a network? HF_ENDPOINT names a mirror of the hub`,
      { cause: error, retryable: false },
    );
  }
  return error;
}

function readEndpoint(text: string | undefined): string {
  if (text === undefined || text === '') return DEFAULT_ENDPOINT;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The address of one with a password in it would be printed.
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '')
    throw new EngineError(
      'config_invalid',
      'HF_ENDPOINT must be an http or https address without a user in it, such as https://huggingface.co',
    );
  return text.replace(/\/+$/, '');
}

function readToken(text: string | undefined): string | undefined {
  const token = text?.trim() ?? '';
  if (token === '') return undefined;
  if (!TOKEN.test(token))
    throw new EngineError('config_invalid', 'HF_TOKEN holds characters that no token has');
  return token;
}

const MAX_RETRY_AFTER_S = 60;

/** What a hub's answer that is not one of success means, and what to do about it. Its body is thrown away. */
async function hubError(response: Response, endpoint: string, hasToken: boolean): Promise<EngineError> {
  await response.body?.cancel();
  const { status, headers } = response;
  const url = new URL(response.url);
  // The query of a signed address is a secret for as long as it lasts.
  const where = `${url.origin}${url.pathname}`;
  const reason = headers.get('x-error-code');
  if (reason === 'GatedRepo') return new EngineError('forbidden', gated(endpoint, hasToken, where));
  if (status === 401 || status === 403) return new EngineError('forbidden', refused(status, hasToken, where));
  if (status === 404) return new EngineError('model_not_found', `${notFound(reason)} (404 of ${where})`);
  const retryable = status === 408 || status === 429 || status >= 500;
  const seconds = Number(headers.get('retry-after') ?? NaN);
  return new EngineError('download_failed', `${where} answered ${status} ${response.statusText}`.trim(), {
    retryable,
    ...(retryable && seconds > 0 ? { retryAfterMs: Math.min(seconds, MAX_RETRY_AFTER_S) * 1000 } : {}),
  });
}

function gated(endpoint: string, hasToken: boolean, where: string): string {
  return hasToken
    ? `the model is gated, and the account of HF_TOKEN has no access yet: ask for it on the model's page on ${endpoint} (${where})`
    : `the model is gated: accept its terms on its page on ${endpoint}, and set HF_TOKEN to a token of that account (${where})`;
}

/** The hub also answers 401 for what does not exist, so that names of private repositories stay secret. */
function refused(status: number, hasToken: boolean, where: string): string {
  return hasToken
    ? `HF_TOKEN may not read it, or is no longer valid (${status} of ${where})`
    : `there is no such model, or it is private; for a private one set HF_TOKEN (${status} of ${where})`;
}

function notFound(reason: string | null): string {
  if (reason === 'RevisionNotFound') return 'the repository has no such revision';
  if (reason === 'EntryNotFound') return 'the repository has no such file';
  return 'there is no such repository';
}
