import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { EngineError } from '../../errors.ts';

/** Of `dev.plugin.name` in a configuration of wrangler. */
export const PLUGIN_NAME = 'tokenflare-ai';

const optionsSchema = z.strictObject({
  /** A service that runs; without it the plugin starts one, which ends with its process. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  /** Sent to `url`; by default that of TOKENFLARE_API_KEY. */
  apiKey: z.string().min(1).optional(),
  /** Ids of Cloudflare's, and what they mean: as MODEL_ALIASES. */
  models: z.record(z.string(), z.string()).optional(),
  /** Modules that answer in the place of models that there are not, by ids of Cloudflare's. */
  stubs: z.record(z.string().min(1), z.string().min(1)).optional(),
  /** Settings of a service that the plugin starts, by the names of docs/settings.md. */
  settings: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** Longest that a Worker waits for the first byte of an answer, and for each after it. */
  timeoutMs: z.int().min(1).max(600_000).optional(),
});

/** `dev.options` of a binding. */
export type PluginOptions = z.output<typeof optionsSchema>;

/** A binding of a Worker that this plugin is to make. */
export interface PluginBinding {
  readonly name: string;
  readonly options: PluginOptions;
}

/**
 * The bindings of a Worker that want this plugin. Miniflare 4 hands these alone, as a list; Miniflare 5 hands all that the
 * Worker has, with the options where wrangler's configuration has them.
 *
 * @throws EngineError `config_invalid` for options that cannot be meant
 */
export const bindingsOf = (given: unknown): PluginBinding[] =>
  namedBindings(given, PLUGIN_NAME).map(toBinding);

/** The bindings of a Worker that want the plugin of a name, with their options as they came. */
export function namedBindings(given: unknown, pluginName: string): NamedBinding[] {
  if (Array.isArray(given)) return given as NamedBinding[];
  const { config } = (given ?? {}) as { config?: { env?: Record<string, EnvBinding> } };
  return Object.entries(config?.env ?? {}).flatMap(([name, { dev }]) =>
    dev?.plugin?.name === pluginName ? [{ name, options: dev.options ?? {} }] : [],
  );
}

export interface NamedBinding {
  readonly name: string;
  readonly options: unknown;
}

interface EnvBinding {
  readonly dev?: { readonly plugin?: { readonly name?: string }; readonly options?: unknown };
}

/** Of `services` wrangler hands what else stands in the entry, too. */
const OF_A_SERVICE: ReadonlySet<string> = new Set(['type', 'service', 'entrypoint', 'environment']);

function toBinding({ name, options }: NamedBinding): PluginBinding {
  const own = Object.entries(options ?? {}).filter(([key]) => !OF_A_SERVICE.has(key));
  const result = optionsSchema.safeParse(Object.fromEntries(own));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(name, [...(issue?.path ?? []), issue?.message ?? 'is invalid'].join(' '));
  }
  for (const [id, path] of Object.entries(result.data.stubs ?? {})) {
    if (!existsSync(path)) throw invalid(name, `there is no ${resolve(path)}, the stub of ${id}`);
  }
  return { name, options: withKey(name, result.data) };
}

/** What options of all bindings say of the service. */
interface ServiceOptions {
  readonly url?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly settings?: object | undefined;
}

/** With the key that is sent, if one is. @throws EngineError `config_invalid` for options that exclude each other */
export function withKey<Options extends ServiceOptions>(name: string, options: Options): Options {
  const { url, settings } = options;
  const apiKey = options.apiKey ?? (url === undefined ? undefined : process.env['TOKENFLARE_API_KEY']);
  if (url !== undefined && settings !== undefined) {
    throw invalid(name, 'settings are of a service that the plugin starts; with url it starts none');
  }
  if (url !== undefined && apiKey !== undefined && !maySendKey(new URL(url))) {
    throw invalid(name, `the API key would travel in the clear to ${new URL(url).hostname}; use https`);
  }
  return { ...options, apiKey };
}

const maySendKey = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' ||
  hostname === 'localhost' ||
  hostname === '[::1]' ||
  /^127(\.\d+){3}$/.test(hostname);

export const invalid = (name: string, complaint: string): EngineError =>
  new EngineError('config_invalid', `the options of the binding ${name}: ${complaint}`);
