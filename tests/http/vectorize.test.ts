import { BadRequestError, ConflictError, NotFoundError } from 'cloudflare';
import { toFile } from 'cloudflare/core/uploads';
import { describe, expect, it } from 'vitest';
import { call, type Answer } from '../support/http-client.ts';
import { useVectorize, ACCOUNT as account_id, VECTORS, ndjson } from '../support/vectorize.ts';

/**
 * Vectorize by Cloudflare's own client, and as the class behind a Worker's binding asks. That class itself runs in
 * tests/clients/scripts/vectorize.mjs.
 */

const { on, client, newIndex, binding, put } = useVectorize();

describe("Cloudflare's client", () => {
  it('makes, lists, describes and deletes an index', async () => {
    const { indexes } = client().vectorize;
    const name = await newIndex('euclidean', 4);
    const made = await indexes.get(name, { account_id });
    expect(made).toMatchObject({ name, config: { dimensions: 4, metric: 'euclidean' }, description: '' });
    const listed = [];
    for await (const index of indexes.list({ account_id })) listed.push(index.name);
    expect(listed).toContain(name);
    await expect(
      indexes.create({ account_id, name, config: { preset: 'openai/text-embedding-ada-002' } }),
    ).rejects.toThrow(ConflictError);
    expect(await indexes.delete(name, { account_id })).toBeNull();
    await expect(indexes.get(name, { account_id })).rejects.toThrow(NotFoundError);
  });

  it('inserts, upserts, queries, gets, lists and deletes vectors', async () => {
    const { indexes } = client().vectorize;
    const name = await newIndex();
    const body = await toFile(Buffer.from(ndjson(VECTORS)), 'vectors.ndjson');
    const { mutationId } = (await indexes.insert(name, { account_id, body })) ?? {};
    expect(mutationId).toMatch(/^[\da-f-]{36}$/);
    expect(await indexes.info(name, { account_id })).toMatchObject({
      vectorCount: 3,
      dimensions: 3,
      processedUpToMutation: mutationId,
    });
    const found = await indexes.query(name, {
      account_id,
      vector: [1, 0.1, 0],
      topK: 2,
      returnMetadata: 'all',
      returnValues: true,
    });
    expect(found?.matches).toMatchObject([
      { id: 'x', values: [1, 0, 0], metadata: VECTORS[0]?.metadata },
      { id: 'xy', values: [1, 1, 0], metadata: VECTORS[2]?.metadata },
    ]);
    expect(found?.matches?.[0]?.score).toBeCloseTo(1 / Math.sqrt(1.01), 6);
    const replaced = await toFile(Buffer.from(ndjson([{ id: 'x', values: [0, 0, 5] }])), 'vectors.ndjson');
    await indexes.upsert(name, { account_id, body: replaced });
    expect(await indexes.getByIDs(name, { account_id, ids: ['x', 'none', 'y'] })).toEqual([
      { id: 'x', values: [0, 0, 5] },
      { ...VECTORS[1] },
    ]);
    const first = await indexes.listVectors(name, { account_id, count: 2 });
    expect(first).toMatchObject({
      count: 2,
      totalCount: 3,
      isTruncated: true,
      vectors: [{ id: 'x' }, { id: 'xy' }],
    });
    const { nextCursor } = first ?? {};
    const last = await indexes.listVectors(name, { account_id, cursor: nextCursor ?? '' });
    expect(last).toMatchObject({ isTruncated: false, nextCursor: null, vectors: [{ id: 'y' }] });
    await indexes.deleteByIDs(name, { account_id, ids: ['x', 'none'] });
    expect(await indexes.info(name, { account_id })).toMatchObject({ vectorCount: 2 });
  });

  it('makes, lists and deletes metadata indexes, which filters go by', async () => {
    const { indexes } = client().vectorize;
    const name = await newIndex();
    for (const [propertyName, indexType] of [
      ['kind', 'string'],
      ['n', 'number'],
      ['deep.er', 'boolean'],
    ] as const) {
      await indexes.metadataIndex.create(name, { account_id, propertyName, indexType });
    }
    const { metadataIndexes } = (await indexes.metadataIndex.list(name, { account_id })) ?? {};
    expect(metadataIndexes?.map(({ propertyName }) => propertyName)).toEqual(['kind', 'n', 'deep.er']);
    await indexes.upsert(name, { account_id, body: await toFile(Buffer.from(ndjson(VECTORS)), 'a.ndjson') });
    const idsBy = async (filter: object): Promise<(string | undefined)[] | undefined> =>
      (await indexes.query(name, { account_id, vector: [1, 1, 1], filter }))?.matches
        ?.map(({ id }) => id)
        .sort();
    expect(await idsBy({ kind: 'a' })).toEqual(['x', 'xy']);
    expect(await idsBy({ n: { $gte: 2, $lt: 3 } })).toEqual(['y']);
    expect(await idsBy({ 'deep.er': true })).toEqual(['x']);
    expect(await idsBy({ 'deep.er': null, kind: { $ne: 'b' } })).toEqual(['xy']);
    await indexes.metadataIndex.delete(name, { account_id, propertyName: 'kind' });
    expect(await idsBy({ kind: 'a' })).toEqual([]);
  });

  it('has errors with numbers of Cloudflare', async () => {
    const { indexes } = client().vectorize;
    const name = await newIndex();
    const failed = indexes.query(name, { account_id, vector: [1, 2] });
    await expect(failed).rejects.toThrow(BadRequestError);
    await expect(failed).rejects.toMatchObject({
      errors: [{ code: 40006, message: 'invalid query vector, expected 3 dimensions, and got 2 dimensions' }],
    });
  });
});

describe('the binding', () => {
  const matchesOf = ({ json }: Answer): { id: string; score: number }[] =>
    (json as { matches: { id: string; score: number }[] }).matches;

  it('has bare answers', async () => {
    const index = await newIndex();
    const answer = await put(index, 'insert', VECTORS);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(Object.keys(answer.json as object)).toEqual(['mutationId']);
    expect((await binding(index, 'info')).json).toMatchObject({ vectorCount: 3, dimensions: 3 });
    expect((await binding(index, 'getByIds', { ids: ['y'] })).json).toEqual([VECTORS[1]]);
    const query = await binding(index, 'query', { vectorId: 'x', topK: 1, returnMetadata: 'none' });
    expect(query.json).toEqual({ count: 1, matches: [{ id: 'x', score: 1 }] });
    await binding(index, 'deleteByIds', { ids: ['y'] });
    expect((await binding(index, 'getByIds', { ids: ['y'] })).json).toEqual([]);
  });

  it('inserts no vector whose id there is, and upserts in its place', async () => {
    const index = await newIndex('dot-product');
    await put(index, 'insert', [
      { id: 'a', values: [1, 0, 0] },
      { id: 'a', values: [2, 0, 0] },
    ]);
    const scores = async (): Promise<number[]> =>
      matchesOf(await binding(index, 'query', { vector: [1, 0, 0] })).map(({ score }) => score);
    // Cloudflare's score of this metric is the negative product.
    expect(await scores()).toEqual([-1]);
    await put(index, 'insert', [{ id: 'a', values: [3, 0, 0] }]);
    expect(await scores()).toEqual([-1]);
    await put(index, 'upsert', [
      { id: 'a', values: [4, 0, 0] },
      { id: 'a', values: [5, 0, 0] },
    ]);
    expect(await scores()).toEqual([-5]);
  });

  it('finds by namespace', async () => {
    const index = await newIndex('euclidean');
    await put(index, 'insert', VECTORS);
    const found = matchesOf(await binding(index, 'query', { vector: [0, 0, 0], namespace: 'mine' }));
    expect(found).toEqual([{ id: 'y', namespace: 'mine', score: 2 }]);
    expect(matchesOf(await binding(index, 'query', { vector: [0, 0, 0], namespace: 'other' }))).toEqual([]);
  });

  it('reads the form that wrangler sends', async () => {
    const index = await newIndex();
    const form = new FormData();
    form.append('other', 'no');
    form.append('vectors', new File([ndjson(VECTORS)], 'vectors.ndjson', { type: 'application/x-ndjson' }));
    const path = `/client/v4/accounts/a/vectorize/v2/indexes/${index}/upsert`;
    const response = await on.fetch(on.service.url + path, { method: 'POST', body: form });
    expect(await response.json()).toMatchObject({ success: true });
    expect((await binding(index, 'info')).json).toMatchObject({ vectorCount: 3 });
  });
});

describe('who may', () => {
  it('nobody where VECTORIZE is off', async () => {
    const { startHttpService } = await import('../support/http-service.ts');
    const service = await startHttpService(on.engine, { vectorize: 'off' });
    const answer = await call(service, 'GET', '/client/v4/accounts/a/vectorize/v2/indexes');
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('VECTORIZE=off');
    await service.close();
  });
});
