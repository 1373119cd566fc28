import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { requestBodyValidator } from '../../support/openapi-validator.ts';
import { BENCHMARK_REQUEST, VALID_REQUESTS, type ValidRequest } from '../../../chaos/fuzz/valid-requests.ts';

/**
 * The fuzzers spoil requests that are good: a route, a field, a parameter or a kind of item that none of these has is never
 * tried. Each one of openapi.yaml must stand in at least one of them.
 */

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  /** Names of fields that are alike: `^(one|other)$`. */
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
}

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const DOCUMENT = parse(readFileSync(new URL('../../../openapi.yaml', import.meta.url), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

/** What no good request has, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {};

function resolve<T extends { readonly $ref?: string }>(value: T): T {
  if (value.$ref === undefined) return value;
  return value.$ref
    .split('/')
    .slice(1)
    .reduce<unknown>((at, key) => Reflect.get(at as object, key), DOCUMENT) as T;
}

/** An object that is one of several has the constants of its fields as its name: `{function_call}`. */
function nameOf({ properties = {} }: Schema): string {
  const constants = Object.values(properties).flatMap(({ const: value, enum: values }) =>
    value === undefined ? (values?.length === 1 ? [values[0]] : []) : [value],
  );
  const named = constants.filter((value) => typeof value === 'string');
  return named.length === 0 ? '' : `{${named.join(' ')}}`;
}

/** The schemas that a value may be one of, those behind references too. */
function variantsOf(schema: Schema, refs: ReadonlySet<string> = new Set()): Schema[] {
  if (schema.$ref !== undefined) {
    return refs.has(schema.$ref) ? [] : variantsOf(resolve(schema), new Set([...refs, schema.$ref]));
  }
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...parts.flatMap((part) => variantsOf(part, refs))];
}

/** The fields of a schema, those too that stand in it as a pattern of their names. */
const propertiesOf = ({ properties, patternProperties = {} }: Schema): [string, Schema][] => [
  ...Object.entries(properties ?? {}),
  ...Object.entries(patternProperties).flatMap(([pattern, field]) =>
    pattern
      .slice('^('.length, -')$'.length)
      .split('|')
      .map((name): [string, Schema] => [name, field]),
  ),
];

/** Paths of the fields that a schema has: `/messages/[]/content`. `stack`: schemas around it, of which recursion is one. */
function fieldsOf(schema: Schema, path: string, stack: readonly Schema[] = []): string[] {
  return variantsOf(schema).flatMap((variant) => {
    if (stack.includes(variant)) return [];
    const within = [...stack, variant];
    const own = path + nameOf(variant);
    return [
      ...propertiesOf(variant).flatMap(([name, field]) => [
        `${own}/${name}`,
        ...fieldsOf(field, `${own}/${name}`, within),
      ]),
      ...[variant.items ?? [], variant.prefixItems ?? []]
        .flat()
        .flatMap((item) => fieldsOf(item, `${path}/[]`, within)),
    ];
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether an object may be that one of several: the constants of its fields are those of the schema. */
const isOfVariant = (value: Record<string, unknown>, { properties = {} }: Schema): boolean =>
  Object.entries(properties).every(([name, { const: constant }]) => {
    return constant === undefined || value[name] === undefined || value[name] === constant;
  });

/** Paths of the fields that a value has. */
function fieldsIn(schema: Schema, value: unknown, path: string): string[] {
  return variantsOf(schema).flatMap((variant) => {
    if (Array.isArray(value)) {
      const items = [variant.items ?? [], variant.prefixItems ?? []].flat();
      return value.flatMap((one) => items.flatMap((item) => fieldsIn(item, one, `${path}/[]`)));
    }
    if (!isObject(value) || !isOfVariant(value, variant)) return [];
    const own = path + nameOf(variant);
    return propertiesOf(variant).flatMap(([name, field]) =>
      Object.hasOwn(value, name) ? [`${own}/${name}`, ...fieldsIn(field, value[name], `${own}/${name}`)] : [],
    );
  });
}

const bodySchemaOf = ({ requestBody }: Operation): Schema | undefined =>
  requestBody?.content['application/json']?.schema;

interface Route {
  readonly title: string;
  readonly operation: Operation;
  readonly requests: readonly ValidRequest[];
}

const ROUTES: readonly Route[] = Object.entries(DOCUMENT.paths).flatMap(([template, item]) => {
  // A model's id may hold slashes.
  const pattern = new RegExp(
    `^${template
      .replaceAll('.', '\\.')
      .replace(/\{(?:model|endpoint)\}/, '.+')
      .replaceAll(/\{\w+\}/g, '[^/]+')}$`,
  );
  const operations = Object.entries(item).filter(([key]) => key !== 'servers');
  return operations.map(([method, operation]) => ({
    title: `${method.toUpperCase()} ${template}`,
    operation,
    requests: [...VALID_REQUESTS, BENCHMARK_REQUEST].filter(
      (request) => request.method === method.toUpperCase() && pattern.test(request.path.split('?')[0] ?? ''),
    ),
  }));
});

/** Parameters by where they stand: `query limit`. Those of the path stand in each request. */
function parametersIn({ path, headers = {} }: ValidRequest): string[] {
  const query = [...new URLSearchParams(path.split('?')[1] ?? '').keys()];
  return [...query.map((name) => `query ${name}`), ...Object.keys(headers).map((name) => `header ${name}`)];
}

function missingOf({ title, operation, requests }: Route): string[] {
  if (requests.length === 0) return [title];
  const schema = bodySchemaOf(operation) ?? {};
  const parameters = (operation.parameters ?? [])
    .map(resolve)
    .filter((parameter) => parameter.in !== 'path')
    .map((parameter) => `${parameter.in} ${parameter.name.toLowerCase()}`);
  const expected = [...parameters, ...fieldsOf(schema, '')];
  const found = new Set(
    requests.flatMap((request) => [
      ...parametersIn(request).map((name) => name.toLowerCase()),
      ...fieldsIn(schema, request.body, ''),
    ]),
  );
  return [...new Set(expected)].filter((field) => !found.has(field)).map((field) => `${title} ${field}`);
}

describe('good requests', () => {
  it('have each route, parameter, field and kind of item of openapi.yaml', () => {
    const missing = ROUTES.flatMap(missingOf).filter((what) => LEFT_OUT[what] === undefined);
    expect(missing).toEqual([]);
  });

  it('have bodies that openapi.yaml accepts', () => {
    // The bases of Workers AI repeat OpenAI's routes and bodies, and a validator takes long to make.
    const routes = ROUTES.filter(({ title }) => !/ \/(?:ai\/v1|client)\//.test(title));
    for (const { title, operation, requests } of routes) {
      if (bodySchemaOf(operation) === undefined) continue;
      const [method = '', path = ''] = title.split(' ');
      const validate = requestBodyValidator(path, method.toLowerCase());
      for (const { body } of requests) {
        expect(validate(body), `${title} ${JSON.stringify(body)}: ${JSON.stringify(validate.errors)}`).toBe(
          true,
        );
      }
    }
  });
});

describe('what no good request has', () => {
  const TEXT = { properties: { type: { const: 'text' }, text: { type: 'string' } } };
  const IMAGE = { properties: { type: { const: 'image' }, url: { type: 'string' } } };
  const routeOf = (schema: Schema, body?: Record<string, unknown>): Route => ({
    title: 'POST /new',
    operation: {
      parameters: [{ name: 'limit', in: 'query' }],
      requestBody: { content: { 'application/json': { schema } } },
    },
    requests: body === undefined ? [] : [{ method: 'POST', path: '/new?limit=1', body }],
  });

  it.each<[what: string, schema: Schema, body: Record<string, unknown> | undefined, missing: string[]]>([
    ['a route', {}, undefined, ['POST /new']],
    ['a field', { properties: { a: {}, b: {} } }, { a: 1 }, ['POST /new /b']],
    [
      'a field within',
      { properties: { a: { anyOf: [{ type: 'null' }, { properties: { b: {}, c: {} } }] } } },
      { a: { b: 1 } },
      ['POST /new /a/c'],
    ],
    [
      'a kind of item',
      { properties: { a: { items: { oneOf: [TEXT, IMAGE] } } } },
      { a: [{ type: 'text', text: 'b' }] },
      ['POST /new /a/[]{image}/type', 'POST /new /a/[]{image}/url'],
    ],
    ['a field of a pattern', { patternProperties: { '^(a|b)$': {} } }, { a: 1 }, ['POST /new /b']],
    ['nothing', { properties: { a: {} } }, { a: 1 }, []],
  ])('is told: %s', (_, schema, body, missing) => {
    expect(missingOf(routeOf(schema, body))).toEqual(missing);
  });
});
