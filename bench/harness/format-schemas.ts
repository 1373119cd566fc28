/** JSON Schemas of the kinds that clients send. */
export const FORMAT_KINDS = [
  'nested',
  'enum',
  'objects',
  'pattern',
  'numbers',
  'lengths',
  'any-of',
  'ref',
] as const;
export type FormatKind = (typeof FORMAT_KINDS)[number];

type Schema = Readonly<Record<string, unknown>>;

const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});

/**
 * The schema of one item.
 *
 * @param mark letters that stand in each name and constant: schemas of two marks have nothing in common but their form
 */
function itemSchema(kind: FormatKind, mark: string): Schema {
  const name = (stem: string): string => stem + mark;
  const text = (maxLength: number): Schema => ({ type: 'string', maxLength });
  const integer = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum });
  const number = (minimum: number, maximum: number): Schema => ({ type: 'number', minimum, maximum });
  switch (kind) {
    case 'nested':
      return object({
        [name('user')]: object({
          [name('name')]: text(12),
          [name('address')]: object({ [name('city')]: text(12), [name('zip')]: integer(10_000, 99_999) }),
        }),
        [name('active')]: { type: 'boolean' },
      });
    case 'enum':
      return { enum: ['red', 'green', 'blue', 'grey', 'black', 'white'].map(name) };
    case 'objects':
      return {
        type: 'array',
        minItems: 1,
        maxItems: 4,
        items: object({ [name('id')]: integer(0, 9999), [name('tag')]: text(8) }),
      };
    case 'pattern':
      return { type: 'string', pattern: `^${mark}[A-Z]{2}-[0-9]{4}(-[a-z]{1,6})?$` };
    case 'numbers':
      return object({ [name('latitude')]: number(-90, 90), [name('count')]: integer(1, 1000) });
    case 'lengths':
      return object({ [name('text')]: { type: 'string', minLength: 10, maxLength: 40 } });
    case 'any-of':
      return {
        anyOf: [
          object({ [name('kind')]: { const: name('circle') }, [name('radius')]: number(0, 100) }),
          object({ [name('kind')]: { const: name('square') }, [name('side')]: integer(1, 100) }),
          text(16),
          { type: 'null' },
        ],
      };
    case 'ref':
      return { $ref: `#/$defs/${name('node')}` };
  }
}

/**
 * A list without end of items of a kind, so that a text of it is as long as it is wanted.
 *
 * @param minItems before the list may end
 * @param mark letters; two marks make two schemas
 */
export function formatSchema(kind: FormatKind, minItems: number, mark = ''): Schema {
  const list = { type: 'array', items: itemSchema(kind, mark), minItems };
  if (kind !== 'ref') return list;
  const node = `node${mark}`;
  const next = { anyOf: [{ $ref: `#/$defs/${node}` }, { type: 'null' }] };
  const value = { type: 'integer', minimum: 0, maximum: 99 };
  return { ...list, $defs: { [node]: object({ [`value${mark}`]: value, [`next${mark}`]: next }) } };
}
