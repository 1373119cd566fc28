import * as miniflare from 'miniflare';
import { setup } from './check.mjs';

/**
 * A Miniflare with a Worker whose AI is this plugin's. Miniflare 5 takes the options of 4 through a function.
 *
 * @param script the Worker's module
 * @param options of the plugin
 * @param more options of Miniflare
 */
export function startWorker(script, options, more = {}) {
  const asOf4 = {
    modules: true,
    script,
    compatibilityDate: '2026-04-01',
    unsafeBindings: [
      { name: 'AI', type: 'ai', plugin: { package: setup.plugin, name: 'tokenflare-ai' }, options },
    ],
    ...more,
  };
  const { Miniflare, convertV4MiniflareOptions: convert } = miniflare;
  return new Miniflare(convert === undefined ? asOf4 : convert(asOf4));
}

/** What the Worker answers to a path. */
export async function ask(worker, path, body) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  return (await worker.dispatchFetch(`http://worker/${path}`, init)).json();
}
