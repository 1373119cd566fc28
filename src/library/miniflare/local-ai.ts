import { fileURLToPath } from 'node:url';
import { PLUGIN_NAME, type PluginOptions } from './plugin-options.ts';

/** Where Miniflare finds the plugin. By its path: a tool may have another copy of the package beside it, or none. */
const PLUGIN_PATH = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './index.ts' : './index.js', import.meta.url),
);

const plugin = { package: PLUGIN_PATH, name: PLUGIN_NAME };

/** A binding that this plugin makes, among the options of Miniflare 4. */
export interface LocalBinding {
  readonly name: string;
  readonly type: string;
  readonly plugin: { readonly package: string; readonly name: string };
  readonly options: PluginOptions;
}

export const localBinding = (name: string, options: PluginOptions): LocalBinding => ({
  name,
  type: 'ai',
  plugin,
  options,
});

/** The same in a configuration of wrangler. */
export const configuredBinding = (name: string, options: PluginOptions): object => ({
  name,
  type: 'ai',
  dev: { plugin, options },
});

/** A Worker among the options of Miniflare 4. */
interface WorkerOf4 {
  readonly ai?: { readonly binding: string };
  readonly unsafeBindings?: readonly object[];
}

/** A Worker among the options of Miniflare 5. */
interface WorkerOf5 {
  readonly config: { readonly env?: Readonly<Record<string, { readonly type?: string }>> };
}

/** What Miniflare is created with: several Workers, or (in 4) the one that the options themselves are. */
export interface MiniflareOptions {
  readonly workers?: readonly object[];
}

/** The options of a Miniflare, with this plugin in the place of each `ai` of its Workers. */
export function withLocalAi(all: MiniflareOptions, options: PluginOptions): MiniflareOptions {
  const { workers } = all;
  if (workers === undefined) return localWorker(all, options);
  return { ...all, workers: workers.map((worker) => localWorker(worker, options)) };
}

const localWorker = (worker: object, options: PluginOptions): object =>
  'config' in worker ? localWorkerOf5(worker as WorkerOf5, options) : localWorkerOf4(worker, options);

function localWorkerOf4({ ai, ...worker }: WorkerOf4, options: PluginOptions): object {
  if (ai === undefined) return worker;
  return { ...worker, unsafeBindings: [...(worker.unsafeBindings ?? []), localBinding(ai.binding, options)] };
}

function localWorkerOf5(worker: WorkerOf5, options: PluginOptions): object {
  const env = Object.entries(worker.config.env ?? {}).map(([name, binding]) => [
    name,
    binding.type === 'ai' ? { type: 'unsafe:ai', dev: { plugin, options } } : binding,
  ]);
  return { ...worker, config: { ...worker.config, env: Object.fromEntries(env) as object } };
}
