import Cloudflare, { BadRequestError, ConflictError, NotFoundError } from 'cloudflare';
import { toFile } from 'cloudflare/core/uploads';
import { describe, expect, it } from 'vitest';
import { call, type Answer } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/**
 * Vectorize by Cloudflare's own client, and as the class behind a Worker's binding asks (workerd, vectorize-api.ts). That
 * class itself runs in tests/clients/scripts/vectorize.mjs.
 */

const account_id = '0123abc';
const on = useScriptedService();

const client = (): Cloudflare =>
  new Cloudflare({
    baseURL: `${on.service.url}/client/v4`,
    apiToken: 'none',
    maxRetries: 0,
    fetch: on.fetch,
  });

const ndjson = (vectors: readonly object[]): string =>
  vectors.map((vector) => JSON.stringify(vector)).join('\n');

let numIndexes = 0;

async function newIndex(
  metric: 'cosine' | 'euclidean' | 'dot-product' = 'cosine',
  dimensions = 3,
): Promise<string> {
  const name = `test-${numIndexes++}`;
  await client().vectorize.indexes.create({ account_id, name, config: { dimensions, metric } });
  return name;
}

const binding = (
  index: string,
  operation: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  call(on.service, body === undefined ? 'GET' : 'POST', `/workers-binding/vectorize/${index}/${operation}`, {
    body,
    headers,
  });

const put = (index: string, mode: string, vectors: readonly object[]): Promise<Answer> =>
  binding(index, mode, ndjson(vectors), { 'content-type': 'application/x-ndjson' });

const VECTORS = [
  { id: 'x', values: [1, 0, 0], metadata: { kind: 'a', n: 1, deep: { er: true } } },
  { id: 'y', values: [0, 2, 0], metadata: { kind: 'b', n: 2 }, namespace: 'mine' },
  { id: 'xy', values: [1, 1, 0], metadata: { kind: 'a', n: 3 } },
];

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

describe('what is refused', () => {
  const upsert = (values: unknown, more: object = {}): object[] => [{ id: 'a', values, ...more }];
  const good = [1, 2, 3];
  const ids = (count: number): { ids: string[] } => ({
    ids: Array.from({ length: count }, (_, i) => `${i}`),
  });
  const manyKeys = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`key-${i}`, i]));

  it.each<[string, (index: string) => Promise<Answer>, number, RegExp]>([
    [
      'too few numbers',
      (index) => put(index, 'upsert', upsert([1])),
      40012,
      /invalid vector for id="a", expected 3 dimensions, and got 1/,
    ],
    [
      'NaN, which comes as null',
      (index) => put(index, 'upsert', upsert([1, NaN, 3])),
      40023,
      /values\[1\] is no number/,
    ],
    [
      'a number beyond float32',
      (index) => put(index, 'upsert', upsert([1, 1e39, 3])),
      40012,
      /beyond float32/,
    ],
    [
      'a long id',
      (index) => put(index, 'upsert', upsert(good, { id: 'é'.repeat(33) })),
      40008,
      /id too long; max is 64 bytes, got 66 bytes/,
    ],
    ['no id', (index) => put(index, 'upsert', [{ values: good }]), 40023, /line 1: id/],
    [
      'a long namespace',
      (index) => put(index, 'upsert', upsert(good, { namespace: 'n'.repeat(65) })),
      40023,
      /namespace/,
    ],
    [
      'much metadata',
      (index) => put(index, 'upsert', upsert(good, { metadata: manyKeys })),
      40016,
      /must not exceed 10240 bytes, got 13797 bytes/,
    ],
    [
      'a dot in a key',
      (index) => put(index, 'upsert', upsert(good, { metadata: { 'a.b': 1 } })),
      40023,
      /contain \./,
    ],
    [
      'half a character',
      (index) => put(index, 'upsert', upsert(good, { metadata: { a: '\ud835' } })),
      40023,
      /surrogate/,
    ],
    [
      'nested metadata',
      (index) =>
        put(
          index,
          'upsert',
          upsert(good, { metadata: JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)) as object }),
        ),
      40023,
      /32 levels/,
    ],
    [
      'half a line',
      (index) =>
        binding(index, 'upsert', `${ndjson(VECTORS)}\n{"id":"z","val`, {
          'content-type': 'application/x-ndjson',
        }),
      40023,
      /line 4 is not valid JSON/,
    ],
    [
      'a line without end',
      (index) => binding(index, 'upsert', '['.repeat(300_000), { 'content-type': 'application/x-ndjson' }),
      40023,
      /262144 bytes/,
    ],
    [
      'an empty batch',
      (index) => binding(index, 'upsert', '\n\n', { 'content-type': 'application/x-ndjson' }),
      40023,
      /no vector/,
    ],
    [
      '1001 vectors',
      (index) =>
        put(
          index,
          'upsert',
          Array.from({ length: 1001 }, (_, i) => ({ id: `${i}`, values: good })),
        ),
      40023,
      /max count is 1000/,
    ],
    [
      'a form without vectors',
      (index) =>
        binding(index, 'upsert', '--b\r\n\r\n--b--', { 'content-type': 'multipart/form-data; boundary=b' }),
      40023,
      /no field vectors/,
    ],
    [
      'a query of another length',
      (index) => binding(index, 'query', { vector: [1] }),
      40006,
      /expected 3 dimensions, and got 1/,
    ],
    [
      'a query of NaN',
      (index) => binding(index, 'query', { vector: [1, NaN, 1] }),
      40026,
      /Failed to parse the request body as JSON: vector/,
    ],
    ['neither vector nor id', (index) => binding(index, 'query', { topK: 1 }), 40026, /vector/],
    [
      'an id that is not there',
      (index) => binding(index, 'query', { vectorId: 'zz' }),
      40006,
      /no vector of that vectorId/,
    ],
    [
      'topK',
      (index) => binding(index, 'query', { vector: good, topK: 101 }),
      40025,
      /max top K is 100, but got 101/,
    ],
    ['topK of none', (index) => binding(index, 'query', { vector: good, topK: 0 }), 40026, /topK/],
    [
      'topK with all',
      (index) => binding(index, 'query', { vector: good, topK: 51, returnMetadata: 'all' }),
      40025,
      /with returnValues=true or returnMetadata=all, max top K is 50, but got 51/,
    ],
    [
      'a boolean as returnMetadata',
      (index) => binding(index, 'query', { vector: good, returnMetadata: true }),
      40026,
      /returnMetadata/,
    ],
    [
      'an empty filter',
      (index) => binding(index, 'query', { vector: good, filter: {} }),
      40026,
      /must not be empty/,
    ],
    [
      'a large filter',
      (index) => binding(index, 'query', { vector: good, filter: { a: 'x'.repeat(10_000) } }),
      40026,
      /less than 2048 bytes/,
    ],
    [
      'an operator',
      (index) => binding(index, 'query', { vector: good, filter: { a: { $or: 1 } } }),
      40026,
      /takes a value, \$eq/,
    ],
    [
      'operators that exclude each other',
      (index) => binding(index, 'query', { vector: good, filter: { a: { $gt: 1, $gte: 1 } } }),
      40026,
      /one lower and one upper/,
    ],
    [
      'ids to get',
      (index) => binding(index, 'getByIds', ids(21)),
      40007,
      /too many ids in payload; max id count is 20, got 21/,
    ],
    [
      'ids to delete',
      (index) => binding(index, 'deleteByIds', ids(101)),
      40007,
      /max id count is 100, got 101/,
    ],
    ['no JSON', (index) => binding(index, 'query', '{"vector":'), 40026, /not valid JSON/],
  ])('%s', async (_, ask, code, message) => {
    const index = await newIndex();
    await put(index, 'insert', VECTORS);
    const answer = await ask(index);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ code, error: expect.stringMatching(message) as string });
    // Nothing of the batch is there, and nothing else is gone.
    expect((await binding(index, 'info')).json).toMatchObject({ vectorCount: 3 });
  });

  it('an index that is not there, whatever it is called', async () => {
    for (const name of ['nothing', '%2e%2e%2fother', 'a%00b', '.new-1', 'x'.repeat(300)]) {
      const answer = await binding(name, 'info');
      expect(answer.status, name).toBe(404);
    }
    const answer = await binding('nothing', 'info');
    expect(answer.json).toEqual({ code: 3000, error: 'vectorize.index.not_found - Index name "nothing"' });
  });

  it('a body over the limit, before it is sent', async () => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': '100000001' };
    const answer = await binding(await newIndex(), 'upsert', 'a', headers).catch(String);
    expect(answer).toMatchObject({ status: 413 });
  });

  it('lines that cannot be read are left out where the client says so', async () => {
    const index = await newIndex();
    const path = `/client/v4/accounts/a/vectorize/v2/indexes/${index}/upsert?unparsable-behavior=discard`;
    const body = `{"id":\n${ndjson(VECTORS)}\nnot json`;
    const answer = await call(on.service, 'POST', path, {
      body,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(answer.status).toBe(200);
    expect((await binding(index, 'info')).json).toMatchObject({ vectorCount: 3 });
  });

  it('a corrupted cursor', async () => {
    const path = `/client/v4/accounts/a/vectorize/v2/indexes/${await newIndex()}/list?cursor=%21%21`;
    const answer = await call(on.service, 'GET', path);
    expect(answer.json).toMatchObject({
      errors: [{ code: 40052, message: 'List vectors cursor appears to be corrupted' }],
    });
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
