import * as z from 'zod';
import { invalid, namedBindings, withKey, type NamedBinding } from './plugin-options.ts';

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

/** A binding of a Worker that this plugin is to make. */
export interface VectorizeBinding {
  readonly name: string;
  readonly options: VectorizeOptions;
}

/** @throws EngineError `config_invalid` for options that cannot be meant */
export const vectorizeBindingsOf = (given: unknown): VectorizeBinding[] =>
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
