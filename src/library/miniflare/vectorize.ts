import { vectorServiceUrl } from './own-service.ts';
import { vectorizeBindingsOf, VECTORIZE_PLUGIN_NAME, type VectorizeBinding } from './vectorize-options.ts';
import { VECTORIZE_UPSTREAM } from './vectorize-upstream.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
const COMPATIBILITY_DATE = '2025-06-01';

/**
 * The plugin that makes a Worker's Vectorize from Cloudflare's own class, which is part of workerd, and an upstream that asks
 * Tokenflare.
 *
 * @param proxyBinding for `getPlatformProxy`, which hands Node a proxy of the binding
 */
export const createVectorizePlugin = (
  proxyBinding: () => unknown,
): {
  bindingTypeDescription: string;
  getBindings: (given: unknown) => object[];
  getNodeBindings: (given: unknown) => Record<string, unknown>;
  getServices: (given: { options: unknown }) => Promise<object[]>;
} => ({
  bindingTypeDescription: 'Vectorize (Tokenflare)',

  getBindings: (given) =>
    vectorizeBindingsOf(given).map(({ name, options }) => ({
      name,
      wrapped: {
        moduleName: 'cloudflare-internal:vectorize-api',
        innerBindings: [
          { name: 'fetcher', service: { name: serviceOf(name) } },
          { name: 'indexId', text: options.index },
          { name: 'indexVersion', text: 'v2' },
          { name: 'useNdJson', json: 'true' },
        ],
      },
    })),

  getNodeBindings: (given) =>
    Object.fromEntries(vectorizeBindingsOf(given).map(({ name }) => [name, proxyBinding()])),

  getServices: ({ options }) => Promise.all(vectorizeBindingsOf(options).map(upstreamOf)),
});

const serviceOf = (binding: string): string => `${VECTORIZE_PLUGIN_NAME}:${binding}`;

async function upstreamOf({ name, options }: VectorizeBinding): Promise<object> {
  const {
    index,
    url,
    apiKey = '',
    settings = {},
    dimensions,
    metric,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  } = options;
  const service = url ?? (await vectorServiceUrl(settings));
  const config = dimensions === undefined ? null : { dimensions, metric };
  return {
    name: serviceOf(name),
    worker: {
      compatibilityDate: COMPATIBILITY_DATE,
      modules: [{ name: 'upstream.mjs', esModule: VECTORIZE_UPSTREAM }],
      bindings: [
        { name: 'SERVICE', text: service.replace(/\/+$/, '') },
        { name: 'INDEX', text: index },
        { name: 'CONFIG', json: JSON.stringify(config) },
        { name: 'KEY', text: apiKey },
        { name: 'TIMEOUT_MS', json: JSON.stringify(timeoutMs) },
      ],
    },
  };
}
