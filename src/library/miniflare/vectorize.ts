import { z } from 'zod';
import { vectorServiceUrl } from './own-service.ts';
import { invalid, namedBindings, withKey, type NamedBinding } from './plugin-options.ts';
import { VECTORIZE_UPSTREAM } from './vectorize-upstream.ts';

/** Of `dev.plugin.name` in a configuration of wrangler. */
export const VECTORIZE_PLUGIN_NAME = 'tokenflare-vectorize';

const optionsSchema = z
  .strictObject({
    /** The name of the index. */
    index: z.string().regex(/^[a-z\d][a-z\d_-]{0,63}$/i, 'must be the name of an index'),
    /** A service that runs; without it the plugin uses that of env.AI, or starts one. */
    url: z.url({ protocol: /^https?$/ }).optional(),
    /** Sent to `url`; by default that of TOKENFLARE_API_KEY. */
    apiKey: z.string().min(1).optional(),
    /** Settings of a service that the plugin starts, by the names of docs/settings.md. */
    settings: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    /** With both of them the index is made where there is none. */
    dimensions: z.int().min(1).max(1536).optional(),
    metric: z.enum(['cosine', 'euclidean', 'dot-product']).optional(),
    /** Longest that a Worker waits for an answer. */
    timeoutMs: z.int().min(1).max(600_000).optional(),
  })
  .refine(
    ({ dimensions, metric }) => (dimensions === undefined) === (metric === undefined),
    'dimensions and metric go together: by both the index is made where there is none',
  );

/** `dev.options` of a binding. */
export type VectorizeOptions = z.output<typeof optionsSchema>;

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
    bindingsOf(given).map(({ name, options }) => ({
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

  getNodeBindings: (given) => Object.fromEntries(bindingsOf(given).map(({ name }) => [name, proxyBinding()])),

  getServices: ({ options }) => Promise.all(bindingsOf(options).map(upstreamOf)),
});

const serviceOf = (binding: string): string => `${VECTORIZE_PLUGIN_NAME}:${binding}`;

interface VectorizeBinding {
  readonly name: string;
  readonly options: VectorizeOptions;
}

const bindingsOf = (given: unknown): VectorizeBinding[] =>
  namedBindings(given, VECTORIZE_PLUGIN_NAME).map(toBinding);

/** Of `services` wrangler hands what else stands in the entry, too. */
const OF_A_SERVICE: ReadonlySet<string> = new Set(['type', 'service', 'entrypoint', 'environment']);

function toBinding({ name, options }: NamedBinding): VectorizeBinding {
  const own = Object.entries(options ?? {}).filter(([key]) => !OF_A_SERVICE.has(key));
  const result = optionsSchema.safeParse(Object.fromEntries(own));
  if (result.success) return { name, options: withKey(name, result.data) };
  const [issue] = result.error.issues;
  throw invalid(name, [...(issue?.path ?? []), issue?.message ?? 'is invalid'].join(' '));
}

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

/** An entry of `vectorize` in a configuration of wrangler. */
export interface VectorizeEntry {
  readonly binding: string;
  readonly index_name: string;
}

/**
 * Entries of `unsafe.bindings` in place of those of `vectorize`, for tools that change a configuration.
 * @param pluginPackage what Miniflare finds this plugin by
 */
export const localVectorize = (
  entries: readonly VectorizeEntry[],
  options: Omit<VectorizeOptions, 'index'> = {},
  pluginPackage = 'tokenflare/miniflare',
): object[] =>
  entries.map(({ binding, index_name: index }) => ({
    name: binding,
    type: 'vectorize',
    dev: { plugin: { package: pluginPackage, name: VECTORIZE_PLUGIN_NAME }, options: { ...options, index } },
  }));
