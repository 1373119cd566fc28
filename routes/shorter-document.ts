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

/** A parameter or a header need not say again what it says of its schema. */
export function withoutRepeats<Part>(part: Part): Part {
  return JSON.parse(JSON.stringify(part), (_key, value: oas31.ParameterObject | undefined) => {
    const { schema, description } = value ?? {};
    if (description !== undefined && schema?.description === description) delete schema.description;
    return value;
  }) as Part;
}
