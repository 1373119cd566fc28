import { type LocalBinding, localBinding } from './miniflare/local-bindings.ts';
import type { PluginOptions } from './miniflare/plugin-options.ts';

export type { PluginOptions };

/** Options of `cloudflareTest()` and `cloudflarePool()`. */
export interface LocalTest {
  /** False: nothing asks Cloudflare. */
  remoteBindings: false;
  miniflare: {
    ai: { binding: string };
    unsafeBindings: LocalBinding[];
  };
}

/** What the configuration's own `ai` is called instead: Vitest's options are laid over it, and can change it alone. */
const UNUSED = 'TOKENFLARE_UNUSED_AI';

/**
 * `env.AI` on this machine in Vitest, of `@cloudflare/vitest-plugin` and of `@cloudflare/vitest-pool-workers`:
 * `cloudflareTest({ wrangler: { configPath: './wrangler.jsonc' }, ...localAI({ models }) })`.
 *
 * @param options of the binding (docs/workers.md)
 * @param name of the binding
 */
export const localAI = (options: PluginOptions = {}, name = 'AI'): LocalTest => ({
  remoteBindings: false,
  miniflare: { ai: { binding: UNUSED }, unsafeBindings: [localBinding(name, options)] },
});
