import Cloudflare from 'cloudflare';
import { call, type Answer } from './http-client.ts';
import { useScriptedService } from './scripted-service.ts';

/** The account that clients name; any is as good. */
export const ACCOUNT = '0123abc';

export const VECTORS = [
  { id: 'x', values: [1, 0, 0], metadata: { kind: 'a', n: 1, deep: { er: true } } },
  { id: 'y', values: [0, 2, 0], metadata: { kind: 'b', n: 2 }, namespace: 'mine' },
  { id: 'xy', values: [1, 1, 0], metadata: { kind: 'a', n: 3 } },
];

export const ndjson = (vectors: readonly object[]): string =>
  vectors.map((vector) => JSON.stringify(vector)).join('\n');

/** For a test file: Vectorize by Cloudflare's own client, and as the class behind a Worker's binding asks (workerd, vectorize-api.ts). */
export function useVectorize() {
  const on = useScriptedService();

  const client = (): Cloudflare =>
    new Cloudflare({
      baseURL: `${on.service.url}/client/v4`,
      apiToken: 'none',
      maxRetries: 0,
      fetch: on.fetch,
    });

  let numIndexes = 0;

  async function newIndex(
    metric: 'cosine' | 'euclidean' | 'dot-product' = 'cosine',
    dimensions = 3,
  ): Promise<string> {
    const name = `test-${numIndexes++}`;
    await client().vectorize.indexes.create({ account_id: ACCOUNT, name, config: { dimensions, metric } });
    return name;
  }

  const binding = (
    index: string,
    operation: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    call(
      on.service,
      body === undefined ? 'GET' : 'POST',
      `/workers-binding/vectorize/${index}/${operation}`,
      {
        body,
        headers,
      },
    );

  const put = (index: string, mode: string, vectors: readonly object[]): Promise<Answer> =>
    binding(index, mode, ndjson(vectors), { 'content-type': 'application/x-ndjson' });
  return { on, client, newIndex, binding, put };
}
