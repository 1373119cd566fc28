import { fileURLToPath } from 'node:url';
import { PLUGIN_NAME, type PluginOptions } from './plugin-options.ts';
import { VECTORIZE_PLUGIN_NAME, type VectorizeOptions } from './vectorize-options.ts';

/** Where Miniflare finds the plugins. By its path: a tool may have another copy of the package beside it, or none. */
const PLUGIN_PATH = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './index.ts' : './index.js', import.meta.url),
);

/** Which plugin makes a binding, and with which options. */
interface Local {
  readonly plugin: { readonly package: string; readonly name: string };
  readonly options: PluginOptions | VectorizeOptions;
}

/** What a tool is told, once for all bindings of its Workers. */
export interface LocalOptions extends PluginOptions {
  /** Indexes of Vectorize, by name, that are made where there are none. */
  indexes?: Readonly<Record<string, Pick<VectorizeOptions, 'dimensions' | 'metric'>>>;
}

const localAi = ({ url, apiKey, models, stubs, settings, timeoutMs }: LocalOptions): Local => ({
  plugin: { package: PLUGIN_PATH, name: PLUGIN_NAME },
  options: definedOf({ url, apiKey, models, stubs, settings, timeoutMs }),
});

/** An index where `env.AI` is: in the service of that URL, or in the one that is started for it. */
const localIndex = (index: string, { url, apiKey, settings, timeoutMs, indexes }: LocalOptions): Local => ({
  plugin: { package: PLUGIN_PATH, name: VECTORIZE_PLUGIN_NAME },
  options: definedOf({ index, url, apiKey, settings, timeoutMs, ...indexes?.[index] }),
});

/** Without what is undefined, which wrangler's configurations cannot say. */
const definedOf = <Options extends object>(options: Options): Options =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;

/** A binding that a plugin of ours makes, among the options of Miniflare 4. */
export interface LocalBinding extends Local {
  readonly name: string;
  readonly type: string;
}

export const localBinding = (name: string, options: PluginOptions): LocalBinding => ({
  name,
  type: 'ai',
  ...localAi(options),
});

/** What is read of a Worker in a configuration of wrangler, and written to it. */
export interface WorkerBindings {
  ai?: { binding: string } | undefined;
  vectorize?: { binding: string; index_name: string }[] | undefined;
  unsafe?: { bindings?: unknown[] };
}

/** Puts plugins of ours in the place of the Worker's `ai` and `vectorize`, even of an index that is marked as remote. */
export function useLocalBindings(worker: WorkerBindings, options: LocalOptions): void {
  const { ai, vectorize = [] } = worker;
  const local = [
    ...(ai === undefined ? [] : [{ name: ai.binding, type: 'ai', dev: localAi(options) }]),
    ...vectorize.map(({ binding, index_name: index }) => ({
      name: binding,
      type: 'vectorize',
      dev: localIndex(index, options),
    })),
  ];
  if (local.length === 0) return;
  worker.unsafe = { ...worker.unsafe, bindings: [...(worker.unsafe?.bindings ?? []), ...local] };
  delete worker.ai;
  delete worker.vectorize;
}

/** A Worker among the options of Miniflare 4. */
interface WorkerOf4 {
  readonly ai?: { readonly binding: string };
  readonly vectorize?: Readonly<Record<string, { readonly index_name: string }>>;
  readonly unsafeBindings?: readonly object[];
}

/** A Worker among the options of Miniflare 5. */
interface WorkerOf5 {
  readonly config: { readonly env?: Readonly<Record<string, BindingOf5>> };
}

interface BindingOf5 {
  readonly type?: string;
  /** Of an index of Vectorize. */
  readonly name?: string;
}

/** What Miniflare is created with: several Workers, or (in 4) the one that the options themselves are. */
export interface MiniflareOptions {
  readonly workers?: readonly object[];
}

/** The options of a Miniflare, with plugins of ours in the place of each `ai` and `vectorize` of its Workers. */
export function withLocalBindings(all: MiniflareOptions, options: LocalOptions): MiniflareOptions {
  const { workers } = all;
  if (workers === undefined) return localWorker(all, options);
  return { ...all, workers: workers.map((worker) => localWorker(worker, options)) };
}

const localWorker = (worker: object, options: LocalOptions): object =>
  'config' in worker ? localWorkerOf5(worker as WorkerOf5, options) : localWorkerOf4(worker, options);

function localWorkerOf4({ ai, vectorize = {}, ...worker }: WorkerOf4, options: LocalOptions): object {
  const local = [
    ...(ai === undefined ? [] : [localBinding(ai.binding, options)]),
    ...Object.entries(vectorize).map(([name, { index_name: index }]) => ({
      name,
      type: 'vectorize',
      ...localIndex(index, options),
    })),
  ];
  if (local.length === 0) return worker;
  return { ...worker, unsafeBindings: [...(worker.unsafeBindings ?? []), ...local] };
}

function localWorkerOf5(worker: WorkerOf5, options: LocalOptions): object {
  const env = Object.entries(worker.config.env ?? {}).map(([name, binding]) => [
    name,
    localBindingOf5(binding, options),
  ]);
  return { ...worker, config: { ...worker.config, env: Object.fromEntries(env) as object } };
}

function localBindingOf5(binding: BindingOf5, options: LocalOptions): object {
  if (binding.type === 'ai') return { type: 'unsafe:ai', dev: localAi(options) };
  if (binding.type === 'vectorize' && binding.name !== undefined) {
    return { type: 'unsafe:vectorize', dev: localIndex(binding.name, options) };
  }
  return binding;
}
