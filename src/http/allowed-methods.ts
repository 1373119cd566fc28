import type { Hono } from 'hono';
import { TrieRouter } from 'hono/router/trie-router';
import type { AppEnv } from './app-env.ts';

/**
 * Tells which methods a path answers to, for 405, OPTIONS and their `allow`: reads the routes that an app has now.
 * HEAD comes with GET, as Hono has it.
 */
export function allowedMethods(app: Hono<AppEnv>): (path: string) => string[] {
  const router = new TrieRouter<string>();
  const methods = new Set<string>();
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue; // middleware
    methods.add(method);
    router.add(method, path, method);
  }
  return (path) => {
    const allowed = [...methods].filter((method) => router.match(method, path)[0].length > 0);
    if (allowed.length === 0) return [];
    return [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
  };
}
