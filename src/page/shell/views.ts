import type { ComponentType } from 'preact';

/** A part of the page with an address of its own, `#/NAME`. Its code is fetched when it is first shown. */
export interface View {
  name: string;
  title: string;
  load: () => Promise<{ default: ComponentType }>;
}

/** In the order of the navigation; the first is shown where the address names none. */
export const VIEWS: readonly [View, ...View[]] = [
  { name: 'playground', title: 'Playground', load: () => import('../playground/playground.tsx') },
  { name: 'attention', title: 'Attention', load: () => import('../attention/attention.tsx') },
  { name: 'benchmark', title: 'Benchmark', load: () => import('../benchmark/benchmark.tsx') },
  { name: 'now', title: 'Now', load: () => import('../now/now.tsx') },
];

/** @param hash of the address, like `#/attention/series`: what follows the name is the view's own */
export function viewOf(hash: string): View {
  const [, name] = /^#\/([^/?]+)/.exec(hash) ?? [];
  return VIEWS.find((view) => view.name === name) ?? VIEWS[0];
}
