import { createRequire } from 'node:module';
import { deployedConfigWarning } from './deployed-config.ts';
import { ownServiceUrl, say } from './own-service.ts';
import { bindingsOf, PLUGIN_NAME, type PluginBinding } from './plugin-options.ts';
import { stubServerOf } from './stub-server.ts';
import { UPSTREAM } from './upstream.ts';
import { VECTORIZE_PLUGIN_NAME } from './vectorize-options.ts';
import { createVectorizePlugin } from './vectorize.ts';

/**
 * `tokenflare/miniflare`: an external plugin of Miniflare, which wrangler loads by its name in a configuration
 * (docs/workers.md). It makes `env.AI` and indexes of Vectorize from Cloudflare's own classes, which are part of workerd,
 * and upstreams that ask Tokenflare.
 */
export const plugins = {
  [PLUGIN_NAME]: {
    bindingTypeDescription: 'AI (Tokenflare)',

    getBindings: (given: unknown): object[] =>
      bindingsOf(given).map(({ name }) => ({
        name,
        wrapped: {
          moduleName: 'cloudflare-internal:ai-api',
          innerBindings: [{ name: 'fetcher', service: { name: serviceOf(name) } }],
        },
      })),

    /** For `getPlatformProxy`, which hands Node a proxy of the binding. */
    getNodeBindings: (given: unknown): Record<string, unknown> =>
      Object.fromEntries(bindingsOf(given).map(({ name }) => [name, proxyBinding()])),

    getServices: async ({ options }: { options: unknown }): Promise<object[]> => {
      const bindings = bindingsOf(options);
      if (bindings.length > 0) warnOnce();
      return Promise.all(bindings.map(upstreamOf));
    },
  },
  [VECTORIZE_PLUGIN_NAME]: createVectorizePlugin(proxyBinding),
};

let hasWarned = false;

function warnOnce(): void {
  const warning = hasWarned ? undefined : deployedConfigWarning(process);
  hasWarned = true;
  if (warning !== undefined) say(warning);
}

const serviceOf = (binding: string): string => `${PLUGIN_NAME}:${binding}`;

const DEFAULT_TIMEOUT_MS = 60_000;
/** The first with `AbortSignal` and RPC as the upstream has them, and older than any Worker that is developed. */
const COMPATIBILITY_DATE = '2025-06-01';

async function upstreamOf({ name, options }: PluginBinding): Promise<object> {
  const {
    url,
    apiKey = '',
    models = {},
    stubs = {},
    settings = {},
    timeoutMs = DEFAULT_TIMEOUT_MS,
  } = options;
  const service = url ?? (await ownServiceUrl({ MODEL_ALIASES: aliasesOf(models), ...settings }));
  const hasStubs = Object.keys(stubs).length > 0;
  const stubServer = hasStubs ? await stubServerOf(stubs) : { url: '', key: '' };
  return {
    name: serviceOf(name),
    worker: {
      compatibilityDate: COMPATIBILITY_DATE,
      modules: [{ name: 'upstream.mjs', esModule: UPSTREAM }],
      bindings: [
        { name: 'SERVICE', text: service.replace(/\/+$/, '') },
        { name: 'MODELS', json: JSON.stringify(models) },
        { name: 'STUBS', json: JSON.stringify({ ids: Object.keys(stubs), ...stubServer }) },
        // A service of its own has them as aliases, and gives answers the shape of the id that was asked.
        { name: 'KEEPS_IDS', json: JSON.stringify(url === undefined) },
        { name: 'KEY', text: apiKey },
        { name: 'TIMEOUT_MS', json: JSON.stringify(timeoutMs) },
      ],
    },
  };
}

const aliasesOf = (models: Readonly<Record<string, string>>): string =>
  Object.entries(models)
    .map(([name, id]) => `${name}=${id}`)
    .join(',');

/** Of the Miniflare that loaded this plugin: it knows its own class alone. */
function proxyBinding(): unknown {
  const loaded = Object.values(createRequire(import.meta.url).cache).flatMap((module) => {
    const exported: unknown = module?.filename.includes('miniflare') === true ? module.exports : undefined;
    return hasProxy(exported) ? [exported.ProxyNodeBinding] : [];
  });
  const [ProxyNodeBinding] = loaded;
  return ProxyNodeBinding === undefined ? undefined : new ProxyNodeBinding();
}

const hasProxy = (exported: unknown): exported is { ProxyNodeBinding: new () => object } =>
  typeof exported === 'object' && exported !== null && 'ProxyNodeBinding' in exported;
