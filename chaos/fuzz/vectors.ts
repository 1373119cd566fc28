import * as fc from 'fast-check';
import { jsonStep, mostly, postStep, type FuzzKind, type FuzzScript, type FuzzStep } from './fuzz-script.ts';

/**
 * Indexes of vectors: made, filled, asked and deleted in any order, by both APIs. A script has an index of its own, whose
 * answers are compared with a model of it (vector-model.ts), and a few that all scripts share, so that one deletes what
 * another asks.
 */

const INDEXES = '/client/v4/accounts/a/vectorize/v2/indexes';
const BINDING = '/workers-binding/vectorize';
const NUM_OWN = 1_000_000;
const SHARED = ['shared-0', 'shared-1', 'shared-2'];
/** Exact as float32. */
const numbers = fc.constantFrom(0, 1, -1, 0.5, -0.25, 3, 1024);
const ids = fc.integer({ min: 0, max: 24 }).map((number) => `v${number}`);
const NDJSON = { 'content-type': 'application/x-ndjson' };

/** Another caller at the same address now and then. */
const headers = fc.constantFrom<Record<string, string>>({}, {}, { authorization: 'Bearer invented-one' });

interface FuzzIndex {
  readonly name: string;
  readonly dimensions: number;
}

const metadata = fc.oneof(
  { weight: 6, arbitrary: fc.constant<unknown>(undefined) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('a', 'b', ''),
      n: fc.nat(5),
      in: fc.record({ it: fc.boolean() }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      ...[
        { 'a.b': 1 },
        { $a: 1 },
        { '': 1 },
        [],
        'text',
        { a: 'x'.repeat(11_000) },
        { a: 'x'.repeat(10_000) },
      ],
      ...[JSON.parse('{"__proto__":{"a":1}}'), { a: '\ud800' }, { a: nested(40) }],
    ),
  },
);

function nested(depth: number): unknown {
  return depth === 0 ? 1 : { a: nested(depth - 1) };
}

const vectorOf = (dimensions: number): fc.Arbitrary<object> =>
  fc.record({
    id: fc.oneof(
      { weight: 30, arbitrary: ids },
      { weight: 1, arbitrary: fc.constantFrom('', 'x'.repeat(65), 'é', '\ud800', '__proto__') },
    ),
    values: fc.oneof(
      { weight: 30, arbitrary: fc.array(numbers, { minLength: dimensions, maxLength: dimensions }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<unknown[]>([], [1e39], [null], new Array<number>(2000).fill(1)),
      },
    ),
    namespace: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(undefined, undefined, 'mine', '') },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(7, 'x'.repeat(65)) },
    ),
    metadata,
  });

/** What is not as it must be in a batch of lines. */
const spoil = fc.oneof(
  { weight: 8, arbitrary: fc.constant((lines: string) => lines) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      (lines: string) => lines.slice(0, -3),
      (lines: string) => `\n\n${lines}\n\n`,
      (lines: string) => lines.replaceAll('\n', '\r\n'),
      (lines: string) => `${lines}\nnull\n[]`,
      (lines: string) => `\ufeff${lines}`,
      (lines: string) => '\n'.repeat(30_000) + lines,
      () => '',
    ),
  },
);

const upload = ({ dimensions }: FuzzIndex): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.oneof(
        { weight: 12, arbitrary: fc.array(vectorOf(dimensions), { minLength: 1, maxLength: 12 }) },
        { weight: 1, arbitrary: manyVectors(dimensions) },
      ),
      spoil,
    )
    .map(([vectors, spoiled]) => spoiled(vectors.map((vector) => JSON.stringify(vector)).join('\n')));

/** Around the most of the binding and of the REST API. */
const manyVectors = (dimensions: number): fc.Arbitrary<object[]> =>
  fc.constantFrom(999, 1000, 1001, 5000, 5001).map((count) =>
    Array.from({ length: count }, (_, index) => ({
      id: `many${index}`,
      values: new Array<number>(dimensions).fill(index % 7),
    })),
  );

const propertyName = mostly(
  ['kind', 'n', 'in.it'],
  ['$a', 'a"', '', 'x'.repeat(600), '__proto__', 'in..it'],
  6,
);

const filter = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom<unknown>(
    ...[{ kind: 'a' }, { kind: { $in: ['a', 'b'] } }, { n: { $gte: 1, $lt: 4 } }, { 'in.it': { $ne: true } }],
    ...[{ none: 1 }, { kind: { $gt: null } }, { kind: {} }, { n: { $or: [] } }, { kind: { $nin: [[]] } }],
  ),
  fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
);

const query = ({ dimensions }: FuzzIndex): fc.Arbitrary<object> =>
  fc.record(
    {
      vector: fc.oneof(
        { weight: 6, arbitrary: fc.array(numbers, { minLength: dimensions, maxLength: dimensions }) },
        { weight: 1, arbitrary: fc.array(fc.double(), { maxLength: 4 }) },
      ),
      vectorId: ids,
      topK: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constantFrom(0, -1, 101, 1.5, 1e308)),
      namespace: fc.constantFrom('mine', '', 'none'),
      returnValues: fc.boolean(),
      returnMetadata: fc.constantFrom<unknown>('none', 'indexed', 'all', true),
      filter,
    },
    { requiredKeys: ['topK', 'filter'] },
  );

const listOfIds = fc
  .oneof(
    { weight: 9, arbitrary: fc.array(ids, { minLength: 1, maxLength: 20 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<unknown>([], [''], ['x'.repeat(600)], 'v1', new Array(101).fill('v1')),
    },
  )
  .map((given) => ({ ids: given }));

/** What an index is asked by both APIs, and how each names it. */
interface Asked {
  readonly rest: string;
  readonly binding: string;
  readonly body: unknown;
  readonly mediaType: Record<string, string>;
}

const asked = (rest: string, binding: string, bodies: fc.Arbitrary<unknown>): fc.Arbitrary<Asked> =>
  bodies.map((body) => ({ rest, binding, body, mediaType: {} }));

const put = (index: FuzzIndex): fc.Arbitrary<Asked> =>
  fc
    .tuple(
      fc.constantFrom('insert', 'upsert'),
      fc.constantFrom('', '', '?unparsable-behavior=discard'),
      upload(index),
    )
    .map(([mode, end, body]) => ({ rest: mode + end, binding: mode + end, body, mediaType: NDJSON }));

/** A request to an index, by either API. */
const question = (index: FuzzIndex): fc.Arbitrary<FuzzStep> => {
  const operation = fc.oneof(
    { weight: 5, arbitrary: put(index) },
    { weight: 4, arbitrary: asked('query', 'query', query(index)) },
    { weight: 3, arbitrary: asked('get_by_ids', 'getByIds', listOfIds) },
    { weight: 2, arbitrary: asked('delete_by_ids', 'deleteByIds', listOfIds) },
    { weight: 1, arbitrary: asked('info', 'info', fc.constant(undefined)) },
  );
  return fc
    .tuple(fc.boolean(), operation, headers)
    .map(([isBinding, { rest, binding, body, mediaType }, caller]) => {
      const path = isBinding ? `${BINDING}/${index.name}/${binding}` : `${INDEXES}/${index.name}/${rest}`;
      return jsonStep(body === undefined ? 'GET' : 'POST', path, body, { ...mediaType, ...caller });
    });
};

/** What the REST API alone has. */
const byRest = ({ name }: FuzzIndex): fc.Arbitrary<FuzzStep> =>
  fc.oneof(
    fc
      .constantFrom('', '?count=3', '?count=2&cursor=djE', '?cursor=%00', '?count=0')
      .map((end) => jsonStep('GET', `${INDEXES}/${name}/list${end}`)),
    fc
      .tuple(propertyName, fc.constantFrom('string', 'number', 'boolean', 'list'))
      .map(([property, indexType]) =>
        postStep(`${INDEXES}/${name}/metadata_index/create`, { propertyName: property, indexType }),
      ),
    propertyName.map((property) =>
      postStep(`${INDEXES}/${name}/metadata_index/delete`, { propertyName: property }),
    ),
    fc.constant(jsonStep('GET', `${INDEXES}/${name}/metadata_index/list`)),
    fc.constant(jsonStep('GET', `${INDEXES}/${name}`)),
    fc.constant(jsonStep('GET', INDEXES)),
  );

const create = ({ name, dimensions }: FuzzIndex): fc.Arbitrary<FuzzStep> =>
  fc
    .constantFrom('cosine', 'euclidean', 'dot-product')
    .map((metric) => postStep(INDEXES, { name, config: { dimensions, metric } }));

/** Requests that make no index. */
const badIndex = fc
  .constantFrom<unknown>(
    ...[
      { name: '..', config: { dimensions: 3, metric: 'cosine' } },
      { name: 'a', config: {} },
      { name: 'a' },
    ],
    ...[0, 1537, 1.5, -1].map((dimensions) => ({ name: 'bad', config: { dimensions, metric: 'cosine' } })),
    ...[
      { name: 'bad', config: { preset: 'none' } },
      { name: 'x'.repeat(65), config: { dimensions: 3, metric: 'cosine' } },
    ],
  )
  .map((body) => postStep(INDEXES, body));

const drop = ({ name }: FuzzIndex): FuzzStep => jsonStep('DELETE', `${INDEXES}/${name}`);

const ownIndex = fc.record({
  name: fc.noBias(fc.nat(NUM_OWN)).map((number) => `own-${number}`),
  dimensions: fc.constantFrom(1, 3, 3, 32, 1536),
});
const sharedIndex = fc.constantFrom(...SHARED).map((name): FuzzIndex => ({ name, dimensions: 3 }));

const step = (own: FuzzIndex): fc.Arbitrary<FuzzStep> =>
  fc.oneof(
    { weight: 12, arbitrary: question(own) },
    { weight: 3, arbitrary: byRest(own) },
    { weight: 4, arbitrary: sharedIndex.chain(question) },
    { weight: 1, arbitrary: sharedIndex.chain(byRest) },
    { weight: 2, arbitrary: sharedIndex.chain(create) },
    { weight: 1, arbitrary: sharedIndex.map(drop) },
    { weight: 1, arbitrary: badIndex },
  );

export const VECTOR_KIND: FuzzKind = {
  name: 'vectors',
  scripts: ownIndex.chain((own) =>
    fc
      .tuple(create(own), fc.array(step(own), { minLength: 2, maxLength: 12 }))
      .map(([first, steps]): FuzzScript => [first, ...steps, drop(own)]),
  ),
};
