import type { CheckedFetch } from './checked-fetch.ts';

/**
 * `fetch` for `workers-ai-provider`, which knows Cloudflare's address alone: the same request goes to the service, and
 * its answer is checked.
 */
export const cloudflareFetch =
  (checked: CheckedFetch, url: string): typeof fetch =>
  (input, init) => {
    const asked = input instanceof Request ? input.url : input.toString();
    return checked.fetch(asked.replace('https://api.cloudflare.com', url), init);
  };
