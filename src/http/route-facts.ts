import { TrieRouter } from 'hono/router/trie-router';
import type { FieldNames } from '../field-names.ts';

/** Whose API a route speaks, and so which envelope its errors wear. */
export type ApiFamily =
  'openai' | 'workers-ai' | 'workers-binding' | 'vectorize-binding' | 'ai-gateway' | 'anthropic' | 'ollama';

/** As OpenTelemetry's conventions for GenAI name what a model is asked for. */
export type Operation = 'chat' | 'text_completion' | 'embeddings';

/** What the way to a route's handler, and its log line, ask of the route. */
export interface RouteFacts {
  /** OpenAI's unless told otherwise. */
  readonly api?: ApiFamily;
  /** What its API calls the fields that errors speak of; as OpenAI's chats unless told otherwise. */
  readonly fieldNames?: FieldNames;
  /** Its POST asks `models.checkRoom` before anything else: a full queue refuses it before its body is read. */
  readonly isQueued?: true;
  /**
   * `open`: its GET tells nothing about any client, and needs no key; `operator`: it tells what all clients do, to this
   * machine and to keys with the rights. By default it needs a key, where there are keys.
   */
  readonly access?: 'open' | 'operator';
  /** A client at its limit may still ask it. */
  readonly isUnlimited?: true;
  /** What it asks a model for, as traces name it. */
  readonly operation?: Operation;
  /** Machines poll it, or it belongs to a page: its lines are logged at debug level, and no trace has it. */
  readonly isPolled?: true;
}

/** Of a request that no route answers to. */
export const NO_FACTS: RouteFacts = {};

/** A route as the tables of facts know it; its path in Hono's form. */
interface FactualRoute extends RouteFacts {
  readonly path: string;
}

/** The facts of each pattern, and for a path that no route answers to those of whose API it would be. */
export class RouteTable {
  readonly #byPattern: ReadonlyMap<string, RouteFacts>;
  readonly #routes: readonly (readonly [segments: readonly string[], api: ApiFamily])[];

  constructor(routes: readonly FactualRoute[]) {
    this.#byPattern = new Map(routes.map((route) => [route.path, route]));
    this.#routes = routes.map(({ path, api = 'openai' }) => [path.split('/'), api]);
  }

  /** @param pattern undefined where no route answers to the path */
  factsOf(pattern: string | undefined, path: string): RouteFacts {
    const facts = pattern === undefined ? undefined : this.#byPattern.get(pattern);
    return facts ?? { api: this.#nearestApi(path.split('/')) };
  }

  /** That of the first route with the most segments at the beginning in common. */
  #nearestApi(segments: readonly string[]): ApiFamily {
    let nearest: ApiFamily = 'openai';
    let most = 1;
    for (const [pattern, api] of this.#routes) {
      const end = pattern.findIndex(
        (segment, index) => segment !== segments[index] && !segment.startsWith(':'),
      );
      const numCommon = end === -1 ? pattern.length : end;
      if (numCommon > most) [most, nearest] = [numCommon, api];
    }
    return nearest;
  }
}

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
