import { configuredBinding } from './miniflare/local-ai.ts';
import type { PluginOptions } from './miniflare/plugin-options.ts';

export type { PluginOptions };

/** What is read and written of a Worker's configuration. */
export interface WorkerBindings {
  ai?: { binding: string } | undefined;
  unsafe?: { bindings?: unknown[] };
}

/** What `cloudflare()` takes: `config` changes the configuration of a Worker, `auxiliaryWorkers` have one each. */
export interface LocalConfig {
  config: (worker: WorkerBindings) => void;
}

/** A plugin of Vite, as far as it is one. */
export interface CommandPlugin {
  name: string;
  enforce: 'pre';
  config: { order: 'pre'; handler: (userConfig: unknown, environment: { command: string }) => void };
}

/**
 * The plugins of `@cloudflare/vite-plugin`, with `env.AI` on this machine while Vite serves: `plugins: [localAI(cloudflare)]`
 * in vite.config.ts. What is built has the Worker's own `ai`. Other options of `cloudflare()` are added by a function:
 * `localAI((local) => cloudflare({ ...local, persistState: false }), { models })`.
 *
 * @param options of the binding (docs/workers.md)
 */
export function localAI<Plugins>(
  cloudflare: (config: LocalConfig) => Plugins,
  options: PluginOptions = {},
): [CommandPlugin, Plugins] {
  // `cloudflare()` asks for the configuration while Vite resolves its own, after the plugin below was told what Vite does.
  let isServing = false;
  const readsCommand: CommandPlugin = {
    name: 'tokenflare:command',
    enforce: 'pre',
    config: {
      order: 'pre',
      handler: (_, { command }) => {
        isServing = command === 'serve';
      },
    },
  };
  const config = (worker: WorkerBindings): void => {
    if (isServing) useLocalAi(worker, options);
  };
  return [readsCommand, cloudflare({ config })];
}

function useLocalAi(worker: WorkerBindings, options: PluginOptions): void {
  if (worker.ai === undefined) return;
  const binding = configuredBinding(worker.ai.binding, options);
  worker.unsafe = { ...worker.unsafe, bindings: [...(worker.unsafe?.bindings ?? []), binding] };
  delete worker.ai;
}
