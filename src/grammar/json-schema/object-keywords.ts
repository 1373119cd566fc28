import { isRecord } from '../../values.ts';
import type { SchemaDocument, SchemaNode } from './schema-document.ts';

/** The schema of properties that are neither declared nor match a pattern; undefined if the schema does not say. */
export function additionalSchemaOf(document: SchemaDocument, node: SchemaNode): SchemaNode | undefined {
  if (!isRecord(node.schema)) return undefined;
  // Without applicators beside it, `unevaluatedProperties` means what `additionalProperties` means.
  const keyword = ['additionalProperties', 'unevaluatedProperties'].find((it) => hasKeyword(node, it));
  return keyword === undefined ? undefined : document.child(node, node.schema[keyword], keyword);
}

/** The schemas of an array's first items, and of the others. */
export interface Tuple {
  readonly prefix: readonly SchemaNode[];
  readonly rest: SchemaNode | undefined;
}

export function tupleOf(document: SchemaDocument, node: SchemaNode): Tuple {
  if (!isRecord(node.schema)) return { prefix: [], rest: undefined };
  const { schema } = node;
  // Before draft 2020-12, a list in `items` was what `prefixItems` is now.
  const listKeyword = Array.isArray(schema['items']) ? 'items' : 'prefixItems';
  const restKeyword = Array.isArray(schema['items']) ? 'additionalItems' : 'items';
  const list = schema[listKeyword];
  const prefix = Array.isArray(list)
    ? list.map((item, i) => document.child(node, item, `${listKeyword}[${i}]`))
    : [];
  const keyword = [restKeyword, 'unevaluatedItems'].find((it) => hasKeyword(node, it));
  return { prefix, rest: keyword === undefined ? undefined : document.child(node, schema[keyword], keyword) };
}

const hasKeyword = ({ schema }: SchemaNode, keyword: string): boolean =>
  isRecord(schema) && Object.hasOwn(schema, keyword);
