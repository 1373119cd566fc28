import { TrieRouter } from 'hono/router/trie-router';

const METHOD = 'POST';

/**
 * Finds which of some patterns in Hono's form (`/ai/run/:model{.+}`) a path is of, as the application's router would. A
 * path with a query, or with an escape outside of a parameter, is of none.
 */
export function createPathRouter(patterns: readonly string[]): (path: string) => string | undefined {
  const plain = new Set(patterns.filter((pattern) => !pattern.includes(':')));
  const router = new TrieRouter<string>();
  for (const pattern of patterns) if (!plain.has(pattern)) router.add(METHOD, pattern, pattern);
  return (path) => {
    if (plain.has(path)) return path;
    if (path.includes('?')) return undefined;
    return router.match(METHOD, path)[0][0]?.[0];
  };
}
