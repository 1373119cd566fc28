import { useLocalBindings, type LocalOptions, type WorkerBindings } from './miniflare/local-bindings.ts';

export type { LocalOptions, WorkerBindings };

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
 * The plugins of `@cloudflare/vite-plugin`, with `env.AI` and indexes of Vectorize on this machine while Vite serves:
 * `plugins: [localAI(cloudflare)]` in vite.config.ts. What is built has the Worker's own bindings. Other options of
 * `cloudflare()` are added by a function: `localAI((local) => cloudflare({ ...local, persistState: false }), { models })`.
 *
 * @param options of the binding (docs/workers.md)
 */
export function localAI<Plugins>(
  cloudflare: (config: LocalConfig) => Plugins,
  options: LocalOptions = {},
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
    if (isServing) useLocalBindings(worker, options);
  };
  return [readsCommand, cloudflare({ config })];
}
