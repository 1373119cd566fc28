import * as fc from 'fast-check';
import { BENCHMARK_REQUEST, VALID_REQUESTS, type ValidRequest } from './valid-requests.ts';

/** A request as it goes over the wire. */
export interface MutatedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

/** Values near the bounds of what is allowed, and far beyond. */
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    '',
    'a',
    '0',
    '\u0000',
    '\ud800',
    [],
    {},
    [[]],
    [null],
    [{}],
    [[[]]],
  ),
  fc.constantFrom<unknown>(
    0,
    -0,
    -1,
    1,
    2,
    0.5,
    1e-320,
    -1e308,
    1e308,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
  ),
  fc.integer({ min: -5, max: 5000 }),
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer({ min: 1, max: 20_000 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 1, max: 3000 }).map((length) => new Array<number>(length).fill(1)),
  fc
    .integer({ min: 1, max: 400 })
    .map((depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown),
  fc.array(fc.oneof(fc.integer({ min: -1, max: 4000 }), fc.string({ maxLength: 3 })), { maxLength: 6 }),
  fc.dictionary(fc.string({ maxLength: 6 }), fc.oneof(fc.double(), fc.boolean()), { maxKeys: 3 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Something that is done to a JSON value, at a place that `at` picks. */
type JsonEdit = (value: unknown, at: number) => unknown;

const jsonEdit: fc.Arbitrary<JsonEdit> = fc.oneof(
  {
    weight: 5,
    arbitrary: oddValue.map(
      (odd): JsonEdit =>
        (value, at) =>
          editAt(value, at, () => odd),
    ),
  },
  { weight: 2, arbitrary: fc.constant<JsonEdit>((value, at) => editAt(value, at, () => undefined)) },
  { weight: 1, arbitrary: fc.constant<JsonEdit>((value, at) => editAt(value, at, (old) => [old, old])) },
  { weight: 1, arbitrary: fc.constant<JsonEdit>((value, at) => editAt(value, at, (old) => ({ a: old }))) },
  {
    weight: 1,
    arbitrary: fc.constant<JsonEdit>((value, at) => editAt(value, at, (old) => JSON.stringify(old))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fieldName(), oddValue).map(
      ([name, odd]): JsonEdit =>
        (value) =>
          typeof value === 'object' && value !== null ? { ...value, [name]: odd } : odd,
    ),
  },
);

/** Names of other routes' fields, of JavaScript's objects, and nonsense. */
function fieldName(): fc.Arbitrary<string> {
  const known = VALID_REQUESTS.flatMap(({ body }) => Object.keys(body ?? {}));
  return fc.oneof(
    fc.constantFrom(...known, 'best_of', 'suffix', 'tools', 'functions', 'audio', 'lora', 'dimensions'),
    fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', ''),
    fc.string({ maxLength: 12 }),
  );
}

const textEdit: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
  .record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(30),
    put: fc.uint8Array({ maxLength: 20 }),
  })
  .map(({ at, cut, put }) => (bytes: Buffer) => {
    const start = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + cut)]);
  });

const oddHeaders: fc.Arbitrary<Record<string, string>> = fc.constantFrom<Record<string, string>[]>(
  {},
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=latin1' },
  { 'content-type': 'application/vnd.api+json' },
  { 'content-type': '' },
  { 'content-encoding': 'gzip' },
  { accept: 'application/xml' },
  { range: 'bytes=0-1' },
  { 'if-none-match': '*' },
  { 'x-request-id': 'a b' },
  { 'x-request-id': 'chatcmpl-cmpl-1' },
  { authorization: 'Basic !!!' },
  { authorization: 'Bearer' },
  { 'x-api-key': 'x'.repeat(5000) },
  { 'x-http-method-override': 'DELETE' },
  { cookie: 'a=b; '.repeat(200) },
  { 'accept-encoding': 'br, gzip, identity;q=0' },
  { 'user-agent': '${jndi:ldap://x}' },
  { 'cf-aig-authorization': 'Bearer x' },
);

const oddMethod = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'PURGE');

const pathEdit: fc.Arbitrary<(path: string) => string> = fc.oneof(
  fc
    .constantFrom(
      '/',
      '//',
      '/.',
      '/..',
      '?',
      '?a=b',
      '?model=%00',
      '%',
      '%zz',
      '%2f..',
      ';a',
      '/%ff',
      '.json',
    )
    .map((end) => (path: string) => path + end),
  fc.constant((path: string) => path.toUpperCase()),
  fc.constant((path: string) => `/${path}`),
  fc.constant((path: string) => path.replace('/', '/%2e/')),
  fc.constant((path: string) => path.slice(0, -1) || '/'),
  fc.integer({ min: 100, max: 6000 }).map((length) => (path: string) => `${path}/${'a'.repeat(length)}`),
);

const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** Mostly the body, sometimes what stands around it. */
export const mutatedRequest: fc.Arbitrary<MutatedRequest> = fc
  .record({
    valid: fc.oneof(
      { weight: 60, arbitrary: fc.constantFrom(...VALID_REQUESTS.filter(({ body }) => body !== undefined)) },
      { weight: 15, arbitrary: fc.constantFrom(...VALID_REQUESTS) },
      { weight: 1, arbitrary: fc.constant(BENCHMARK_REQUEST) },
    ),
    edits: fc.array(fc.tuple(jsonEdit, fc.nat(1000)), { maxLength: 3 }),
    textEdits: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(textEdit) },
    ),
    headers: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: oddHeaders }),
    method: seldom(oddMethod),
    path: seldom(pathEdit),
  })
  .map(({ valid, edits, textEdits, headers, method, path }) => ({
    method: method ?? valid.method,
    path: path === undefined ? valid.path : path(valid.path),
    headers: { ...valid.headers, ...headers },
    body: bodyOf(valid, edits, textEdits),
  }));

/** A good request as it goes over the wire. */
export const unspoiled = (valid: ValidRequest): MutatedRequest => ({
  method: valid.method,
  path: valid.path,
  headers: { ...valid.headers },
  body: bodyOf(valid, [], []),
});

function bodyOf(
  { body }: ValidRequest,
  edits: readonly [JsonEdit, number][],
  textEdits: readonly ((bytes: Buffer) => Buffer)[],
): Buffer | undefined {
  if (body === undefined) return undefined;
  const value = edits.reduce<unknown>((edited, [edit, at]) => edit(edited, at), body);
  // What was deleted as a whole is no body.
  const bytes = Buffer.from(value === undefined ? '' : JSON.stringify(value));
  return textEdits.reduce<Buffer>((edited, edit) => edit(edited), bytes);
}

/** A copy in which one of the values within is another; `undefined` takes it out. */
function editAt(value: unknown, at: number, edit: (old: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return edit(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return edit(value);
  const index = at % (entries.length + 1);
  const chosen = entries[index];
  if (chosen === undefined) return edit(value);
  const rest = Math.floor(at / (entries.length + 1));
  // Half of the time the value itself, else one within it.
  const edited = rest % 2 === 0 ? edit(chosen[1]) : editAt(chosen[1], Math.floor(rest / 2), edit);
  if (Array.isArray(value))
    return (value as unknown[]).toSpliced(index, 1, ...(edited === undefined ? [] : [edited]));
  return { ...value, [chosen[0]]: edited };
}
