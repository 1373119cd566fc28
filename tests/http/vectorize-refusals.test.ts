import { describe, expect, it } from 'vitest';
import { call, type Answer } from '../support/http-client.ts';
import { useVectorize, VECTORS, ndjson } from '../support/vectorize.ts';

/** What Vectorize refuses, with numbers of Cloudflare. */

const { on, newIndex, binding, put } = useVectorize();

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

  it('half a character in the name of a property', async () => {
    const path = `/client/v4/accounts/a/vectorize/v2/indexes/${await newIndex()}/metadata_index/create`;
    const answer = await call(on.service, 'POST', path, {
      body: { propertyName: '\ud835', indexType: 'string' },
    });
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/40026.*propertyName has half of a surrogate pair/);
  });

  it('a corrupted cursor', async () => {
    const path = `/client/v4/accounts/a/vectorize/v2/indexes/${await newIndex()}/list?cursor=%21%21`;
    const answer = await call(on.service, 'GET', path);
    expect(answer.json).toMatchObject({
      errors: [{ code: 40052, message: 'List vectors cursor appears to be corrupted' }],
    });
  });
});
