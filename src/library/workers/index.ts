// eslint-disable-next-line @typescript-eslint/ban-ts-comment -- an error where the package is not, and none where it is
/** @ts-ignore The package is optional: without it `createAI` gives any. */
import type { Ai as CloudflareAi } from '@cloudflare/workers-types';
import { bindingFetch, type BindingOptions } from './binding-fetch.ts';
import { LocalAi } from './local-ai.ts';

export {
  AiGatewayInternalError,
  AiGatewayLogNotFound,
  AiInternalError,
  InferenceUpstreamError,
} from './ai-errors.ts';
export type { BindingOptions };

/**
 * `tokenflare/workers`: what `env.AI` is in a Worker, for programs elsewhere: Node, Bun, tests, other hosts. It asks a
 * service that runs, by the wire of the binding. Its type is `Ai` of `@cloudflare/workers-types` where that is installed;
 * `createAI<Ai>(…)` takes the one that `wrangler types` writes.
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- which declaration of Ai a program has
export const createAI = <Binding = CloudflareAi>(options: BindingOptions): Binding =>
  new LocalAi(bindingFetch(options)) as Binding;
