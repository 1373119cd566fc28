import { EngineError } from '../errors.ts';

const MAX_RETRY_AFTER_S = 60;

/** What a hub's answer that is not one of success means, and what to do about it. Its body is thrown away. */
export async function hubError(
  response: Response,
  endpoint: string,
  hasToken: boolean,
): Promise<EngineError> {
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
