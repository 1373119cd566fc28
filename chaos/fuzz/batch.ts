import * as fc from 'fast-check';
import { MODEL_ID } from '../support/metrics.ts';
import { postStep, type FuzzKind, type FuzzScript } from './fuzz-script.ts';

/** Batch jobs: many tiny items, items that are wrong, fields that are none, owners that are invented. */

const PATH = `/ai/run/${MODEL_ID}?queueRequest=true`;

const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** What is no object is refused with the whole job. */
const body = fc.oneof(
  { weight: 6, arbitrary: fc.constant<unknown>({ prompt: 'a', max_tokens: 1 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      { text: ['a', 'b'] },
      { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 },
      { prompt: 'a', max_tokens: 4, guided_regex: '[a-c]{2}' },
      { prompt: 'a', max_tokens: 2, external_reference: 'x'.repeat(512) },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      ...[{}, { prompt: '' }, { prompt: 'a', max_tokens: 0 }, { prompt: 'a', stream: true }, { a: 1 }],
      ...[{ query: 'a', contexts: [{ text: 'b' }] }, { requests: [{ prompt: 'a' }] }, { text: [] }],
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 20_000 })
      .map((count) => ({ prompt: 'a', max_tokens: 1, none: Array.from({ length: count }, () => ({})) })),
  },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }),
  },
);
const item = fc.oneof(
  { weight: 60, arbitrary: body },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

const requests = fc.oneof(
  { weight: 8, arbitrary: fc.array(item, { minLength: 1, maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 13, max: 60 })
      .map((count) => Array.from({ length: count }, () => ({ prompt: 'a', max_tokens: 1 }))),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>([], null, {}, 'a', [[]]) },
);

const poll = (id: string, headers: Record<string, string>): FuzzScript[number] =>
  postStep(PATH, { request_id: id }, headers);

export const BATCH_KIND: FuzzKind = {
  name: 'batch',
  scripts: fc
    .record({
      requests,
      owner: fc.option(fc.nat(50)),
      extra: seldom(fc.jsonValue({ maxDepth: 2 })),
      numPolls: fc.integer({ min: 1, max: 4 }),
      id: fc.constantFrom('{{0.result.request_id}}', '{{0.result.request_id}}', 'none'),
    })
    .map(({ requests: list, owner, extra, numPolls, id }): FuzzScript => {
      const headers: Record<string, string> =
        owner === null ? {} : { authorization: `Bearer invented-${owner}` };
      return [
        postStep(PATH, { requests: list, ...(extra === null ? {} : { extra }) }, headers),
        ...Array.from({ length: numPolls }, () => poll(id, headers)),
      ];
    }),
};
