import { isRecord } from '../../values.ts';
import { automatonOf, type Part, sequenceOf, textOf } from '../compile/part.ts';
import { complement, intersect, subtract, unionOfAll, withLength } from '../regular/combine.ts';
import { compileRegular } from '../regular/compile-regular.ts';
import { type Dfa, EVERY_TEXT, isEmpty } from '../regular/dfa.ts';
import { encodeBytes } from '../regular/encode-bytes.ts';
import { literalNode } from '../regular/regular-node.ts';
import { enumeratedValues } from './enumerated-values.ts';
import { plainText } from './json-terminals.ts';
import { additionalSchemaOf } from './object-keywords.ts';
import type { SchemaContext } from './schema-context.ts';
import type { SchemaNode } from './schema-document.ts';
import { stringLanguageOf } from './strings.ts';
import type { Term } from './terms.ts';
import { STRING } from './types.ts';

/** Names that match the same patterns, and so have values of the same schemas. */
interface Cell {
  readonly names: Dfa;
  readonly patterns: ReadonlySet<string>;
}

/**
 * The members that an object may have beside the declared ones: one for each set of patterns that a name may match. The
 * list is empty if there are none. Other members are left out unless the schema speaks of them, or declares none.
 */
export function extraMembers(term: Term, declared: readonly string[], context: SchemaContext): Part[] {
  const patterns = patternsOf(term);
  const additional = term.nodes.flatMap((node) => additionalSchemaOf(context.document, node) ?? []);
  const isFree = additional.length > 0 || (declaresNothing(term) && patterns.size === 0);
  // The names that are left are not looked for in vain: of a thousand declared ones that alone would be too much work.
  const isClosed = !isFree || additional.some(({ schema }) => schema === false);
  if (isClosed && patterns.size === 0) return [];
  const { effort } = context;
  const taken = compileRegular({ type: 'choice', items: declared.map(literalNode) }, effort);
  let cells: readonly Cell[] = [{ names: allowedNames(term, context), patterns: new Set<string>() }];
  if (declared.length > 0)
    cells = cells.map((cell) => ({ ...cell, names: subtract(cell.names, taken, effort) }));
  for (const [pattern, path] of patterns) {
    const matching = context.patterns.get(pattern, path);
    cells = cells.flatMap((cell) => [
      { names: intersect(cell.names, matching, effort), patterns: new Set([...cell.patterns, pattern]) },
      { names: intersect(cell.names, complement(matching, effort), effort), patterns: cell.patterns },
    ]);
    cells = cells.filter(({ names }) => !isEmpty(names));
  }
  return cells
    .filter((cell) => !isEmpty(cell.names) && (isFree || cell.patterns.size > 0))
    .map((cell) => memberOf(cell, term, context));
}

function memberOf(cell: Cell, term: Term, context: SchemaContext): Part {
  const name = automatonOf(encodeBytes(cell.names, 'jsonString', true, context.effort));
  const nodes = term.nodes.flatMap((node) => nodesOfCell(node, cell, context));
  return sequenceOf([name, textOf(':'), context.compile(nodes)]);
}

function nodesOfCell(node: SchemaNode, { patterns }: Cell, { document }: SchemaContext): SchemaNode[] {
  const found = entriesOf(node)
    .filter(([pattern]) => patterns.has(pattern))
    .map(([pattern, schema]) => document.child(node, schema, `patternProperties.${pattern}`));
  if (found.length > 0) return found;
  const additional = additionalSchemaOf(document, node);
  return additional === undefined ? [] : [additional];
}

const entriesOf = ({ schema }: SchemaNode): [string, unknown][] =>
  isRecord(schema) && isRecord(schema['patternProperties'])
    ? Object.entries(schema['patternProperties'])
    : [];

const patternsOf = (term: Term): ReadonlyMap<string, string> =>
  new Map(
    term.nodes.flatMap((node) =>
      entriesOf(node).map(([pattern]) => [pattern, `${node.path}.patternProperties.${pattern}`] as const),
    ),
  );

const declaresNothing = (term: Term): boolean =>
  !term.nodes.some(
    ({ schema }) =>
      isRecord(schema) && isRecord(schema['properties']) && Object.keys(schema['properties']).length > 0,
  );

/** The names that `propertyNames` allows. As in strings, control characters are left out where others will do. */
function allowedNames(term: Term, context: SchemaContext): Dfa {
  const nodes = propertyNamesOf(term, context);
  if (nodes.length === 0) return plainText();
  const { effort, patterns } = context;
  const languages = context.terms.termsOfAll(nodes).map((names) => {
    const values = enumeratedValues(names, context.values);
    if (values !== undefined) {
      const texts = values.filter((value) => typeof value === 'string');
      return compileRegular({ type: 'choice', items: texts.map(literalNode) }, effort);
    }
    const { content: any, minLength, maxLength } = stringLanguageOf(names, patterns, effort);
    const plain = intersect(any, plainText(), effort);
    const content = isEmpty(plain) ? any : plain;
    const isAny = (names.types & STRING) !== 0 && (maxLength ?? Infinity) >= minLength;
    if (!isAny) return subtract(EVERY_TEXT, EVERY_TEXT, effort);
    const hasLength = minLength > 0 || maxLength !== undefined;
    return hasLength ? withLength(content, minLength, maxLength, effort) : content;
  });
  return languages.length === 1 && languages[0] !== undefined ? languages[0] : unionOfAll(languages, effort);
}

/** The schemas that each name must satisfy. */
export const propertyNamesOf = (term: Term, { document }: SchemaContext): SchemaNode[] =>
  term.nodes.flatMap((node) =>
    isRecord(node.schema) && node.schema['propertyNames'] !== undefined
      ? [document.child(node, node.schema['propertyNames'], 'propertyNames')]
      : [],
  );
