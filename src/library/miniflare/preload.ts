/**
 * `tokenflare wrangler dev` has Node load this before wrangler (`--import`), with the plugin's options as JSON in the query
 * of its address. Wrangler then finds a Miniflare that puts our plugins in the place of each Worker's `ai` and `vectorize`, so
 * that no configuration names them (docs/decisions/0103-env-ai-without-configuration.md).
 */
import Module from 'node:module';
import { withLocalBindings, type LocalOptions, type MiniflareOptions } from './local-bindings.ts';

interface Miniflare {
  setOptions(options: MiniflareOptions): Promise<void>;
}
type MiniflareClass = new (options: MiniflareOptions) => Miniflare;

function localMiniflare(Original: MiniflareClass, options: LocalOptions): MiniflareClass {
  return class extends Original {
    constructor(given: MiniflareOptions) {
      super(withLocalBindings(given, options));
    }

    override setOptions(given: MiniflareOptions): Promise<void> {
      return super.setOptions(withLocalBindings(given, options));
    }
  };
}

/** Node's own way to a CommonJS module, by which wrangler's bundle loads Miniflare. No type of Node has it. */
const loader = Module as unknown as {
  _load: (this: unknown, request: string, ...more: unknown[]) => unknown;
};

function replaceMiniflare(options: LocalOptions): void {
  const load = loader._load;
  const replaced = new WeakMap<object, object>();
  loader._load = function (request, ...more) {
    const loaded = load.call(this, request, ...more);
    if (request !== 'miniflare' || !hasMiniflare(loaded)) return loaded;
    const local = replaced.get(loaded) ?? exportsWith(loaded, localMiniflare(loaded.Miniflare, options));
    replaced.set(loaded, local);
    return local;
  };
}

const hasMiniflare = (loaded: unknown): loaded is { Miniflare: MiniflareClass } =>
  typeof loaded === 'object' && loaded !== null && 'Miniflare' in loaded;

/** The exports are getters, which cannot be replaced. */
const exportsWith = (exported: object, Miniflare: MiniflareClass): object =>
  new Proxy(exported, {
    get: (target, name): unknown => (name === 'Miniflare' ? Miniflare : Reflect.get(target, name)),
  });

replaceMiniflare(JSON.parse(decodeURIComponent(new URL(import.meta.url).search.slice(1))) as LocalOptions);
