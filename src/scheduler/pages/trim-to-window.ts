import { GONE, PAGE_TOKENS } from '../../pages.ts';
import type { PrefixMatch } from './prefix-tree.ts';
import type { WindowPages } from './window-pages.ts';

/**
 * The longest part of a match whose last pages all have one beside them: what goes on behind it looks at those. Pages
 * before the window need none.
 */
export function trimToWindow(
  match: PrefixMatch,
  windows: Pick<WindowPages, 'besideOf' | 'firstSeen'>,
): PrefixMatch {
  const { nodes, partial, numTokens } = match;
  /** Of each number of whole pages, how many of the last of them have one beside them. */
  const runs = [0];
  for (const { page } of nodes) runs.push(windows.besideOf(page) === GONE ? 0 : (runs.at(-1) ?? 0) + 1);
  const isWhole = (numPages: number, tokens: number): boolean =>
    (runs[numPages] ?? 0) >= numPages - windows.firstSeen(tokens);
  if (
    partial !== undefined &&
    windows.besideOf(partial.node.page) !== GONE &&
    isWhole(nodes.length, numTokens)
  )
    return match;
  let numPages = nodes.length;
  while (!isWhole(numPages, numPages * PAGE_TOKENS)) numPages--;
  return { nodes: nodes.slice(0, numPages), partial: undefined, numTokens: numPages * PAGE_TOKENS };
}
