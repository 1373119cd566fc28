import { describe, expect, it } from 'vitest';
import { jsonStep, postStep, type FuzzStep } from '../../../chaos/fuzz/fuzz-script.ts';
import { faultOfScript, privateTo } from '../../../chaos/fuzz/judge-script.ts';
import type { Answer } from '../../../chaos/support/client.ts';

/** How the fuzzers judge an answer by what was answered before, and by who asks. */

const answer = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  text: JSON.stringify(value),
  ms: 1,
});

describe('an answer about an index of vectors', () => {
  const INDEX = '/client/v4/accounts/a/vectorize/v2/indexes/own-7';
  const BINDING = '/workers-binding/vectorize/own-7';
  const [one, two] = [
    { id: 'one', values: [1, 0], metadata: { a: 1 } },
    { id: 'two', values: [0, 1], namespace: 'mine' },
  ];
  const lines = (...vectors: object[]): string => vectors.map((it) => JSON.stringify(it)).join('\n');
  const create = postStep('/client/v4/accounts/a/vectorize/v2/indexes', {
    name: 'own-7',
    config: { dimensions: 2, metric: 'cosine' },
  });
  const get = postStep(`${BINDING}/getByIds`, { ids: ['one', 'two'] });
  const done = answer({ mutationId: 'm' });

  /** The index is made, and the changes are acknowledged. */
  const after = (changes: readonly FuzzStep[], step: FuzzStep, given: Answer): string | undefined =>
    faultOfScript([create, ...changes, step], [answer({}), ...changes.map(() => done), given]);

  it('has what was put, in the order of changes', () => {
    const put = [postStep(`${INDEX}/insert`, lines(one)), postStep(`${BINDING}/upsert`, lines(two))];
    expect(after(put, get, answer([two, one]))).toBeUndefined();
    expect(after(put, get, answer([one]))).toContain('the vector two is null');
    expect(after(put, get, answer([one, { ...two, namespace: 'other' }]))).toContain('the vector two is');
    const again = postStep(`${INDEX}/insert`, lines({ ...one, values: [5, 5] }));
    expect(after([...put, again], get, answer([one, two]))).toBeUndefined();
    const replaced = postStep(`${INDEX}/upsert`, lines({ ...one, values: [5, 5] }));
    expect(after([...put, replaced], get, answer([one, two]))).toContain('the vector one is');
    const gone = postStep(`${INDEX}/delete_by_ids`, { ids: ['one'] });
    expect(after([...put, gone], get, answer([two]))).toBeUndefined();
    expect(after([...put, gone], get, answer([one, two]))).toContain('the vector one is');
  });

  it('counts and finds those that there are', () => {
    const put = [postStep(`${INDEX}/insert`, lines(one, two))];
    const wrapped = (result: unknown): Answer => answer({ result, success: true, errors: [], messages: [] });
    const info = jsonStep('GET', `${INDEX}/info`);
    expect(after(put, info, wrapped({ vectorCount: 2 }))).toBeUndefined();
    expect(after(put, info, wrapped({ vectorCount: 3 }))).toContain('tells of 3 vectors');
    const query = postStep(`${INDEX}/query`, { vector: [1, 0], topK: 2 });
    const matches = (...ids: string[]): Answer =>
      wrapped({ count: ids.length, matches: ids.map((id, i) => ({ id, score: 1 - i })) });
    expect(after(put, query, matches('one', 'two'))).toBeUndefined();
    const farthestFirst = wrapped({
      matches: [
        { id: 'two', score: 0 },
        { id: 'one', score: 1 },
      ],
    });
    expect(after(put, query, farthestFirst)).toContain('in no order');
    expect(after(put, query, matches('one'))).toContain('found 1 of 2');
    expect(after(put, query, matches('one', 'three'))).toContain('three, which is not there');
  });

  it('is not judged where a batch leaves open what was taken', () => {
    const put = [postStep(`${INDEX}/insert?unparsable-behavior=discard`, `${lines(one)}\n{`)];
    expect(after(put, get, answer([]))).toBeUndefined();
  });
});

describe('an answer to a client', () => {
  const ask = (owner: string): FuzzStep =>
    postStep('/v1/completions', {}, { authorization: `Bearer invented-${owner}` });

  it('has no text of another', () => {
    const text = answer({ choices: [{ text: privateTo('one') }] });
    expect(faultOfScript([ask('one')], [text])).toBeUndefined();
    expect(faultOfScript([ask('two')], [text])).toBe('an answer to two has a text of one');
    expect(faultOfScript([postStep('/v1/completions', {})], [text])).toContain('to nobody');
  });

  it('may come too late where the client says what that is, and else not', () => {
    const late = answer({}, 504);
    expect(faultOfScript([ask('one')], [late])).toContain('504');
    for (const entry of [{ config: { requestTimeout: 1 } }, { headers: { 'cf-aig-request-timeout': '1' } }]) {
      expect(faultOfScript([postStep('/gateway/a/g', [entry])], [late])).toBeUndefined();
    }
  });
});
