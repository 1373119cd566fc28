import type { oas31, ZodOpenApiOverride } from 'zod-openapi';

/** The same promises in fewer words than zod makes of its schemas: the document has thousands of them. */

type JsonSchema = Parameters<ZodOpenApiOverride>[0]['jsonSchema'];

/** A schema, once those in it are done. */
export function shorten(schema: JsonSchema): void {
  // Names of members are texts in any case.
  if (JSON.stringify(schema.propertyNames) === '{"type":"string"}') delete schema.propertyNames;
  // A value says its type.
  if (schema.const !== undefined) delete schema.type;
  if (schema.anyOf === undefined) return;
  schema.anyOf = schema.anyOf.flatMap((branch) => choicesOf(branch));
  joinNull(schema);
}

/** A choice among choices is one choice. */
function choicesOf(branch: JsonSchema): JsonSchema[] {
  const [keyword, ...others] = Object.keys(branch);
  return keyword === 'anyOf' && others.length === 0 ? (branch.anyOf as JsonSchema[]) : [branch];
}

/** Keywords that say something of null, too. */
const OF_EVERY_TYPE = ['$ref', 'anyOf', 'oneOf', 'allOf', 'not', 'const'];

/** "X or null" is a type beside that of X, whose bounds do not apply to null. */
function joinNull(schema: JsonSchema): void {
  const { anyOf = [], ...own } = schema;
  const [value, none, ...others] = anyOf;
  if (value?.type === undefined || none?.type !== 'null' || others.length > 0) return;
  if (Object.keys(value).some((keyword) => keyword in own || OF_EVERY_TYPE.includes(keyword))) return;
  delete schema.anyOf;
  const types = [...new Set([value.type, 'null'].flat())];
  Object.assign(schema, value, { type: types });
  if (value.enum !== undefined) schema.enum = [...value.enum, null];
}

/** The whole document, in which nothing is said twice. */
export function withoutRepeats<Part>(part: Part): Part {
  return JSON.parse(JSON.stringify(part), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    leaveOutRepeat(value);
    groupFields(value as JsonSchema);
    return value;
  }) as Part;
}

/** A parameter or a header need not say again what it says of its schema. */
function leaveOutRepeat({
  schema,
  description,
}: Pick<oas31.ParameterObject, 'schema' | 'description'>): void {
  if (description !== undefined && schema?.description === description) delete schema.description;
}

/** So many fields of one kind stand in the document as one pattern of their names. */
const MIN_GROUP = 4;

/**
 * Joins fields that a client has no use for: those that are ignored, and those that are taken at the same values alone,
 * since they are not supported. The refusal of another value says what to send in its place.
 */
function groupFields(schema: JsonSchema): void {
  const groups = new Map<string, string[]>();
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const kind = kindOf(field as JsonSchema);
    if (kind !== undefined) groups.set(kind, [...(groups.get(kind) ?? []), name]);
  }
  for (const [kind, names] of groups) {
    if (names.length < MIN_GROUP) continue;
    for (const name of names) delete schema.properties?.[name];
    schema.patternProperties = {
      ...schema.patternProperties,
      [`^(${names.join('|')})$`]: JSON.parse(kind) as JsonSchema,
    };
  }
}

/** What fields of its kind have in common, as text; undefined for a field that does something. */
function kindOf({ description = '', enum: values, ...others }: JsonSchema): string | undefined {
  if (Object.keys(others).length > 0) return undefined;
  if (values === undefined) return description === 'Ignored.' ? JSON.stringify({ description }) : undefined;
  return description.startsWith('Not supported: ')
    ? JSON.stringify({ description: 'Not supported.', enum: values })
    : undefined;
}
