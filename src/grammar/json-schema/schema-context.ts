import type { Part } from '../compile/part.ts';
import type { Rules } from '../compile/rules.ts';
import type { Effort } from '../regular/effort.ts';
import type { SchemaDocument, SchemaNode } from './schema-document.ts';
import type { Patterns } from './strings.ts';
import type { TermExpander } from './terms.ts';
import type { ValueChecker } from './values.ts';

/** What the parts of the compiler share while they compile one schema. */
export interface SchemaContext {
  readonly document: SchemaDocument;
  readonly effort: Effort;
  readonly rules: Rules;
  readonly patterns: Patterns;
  readonly terms: TermExpander;
  readonly values: ValueChecker;
  /** The values that satisfy all of the schemas, as a part of the grammar: a rule, whose body may follow. */
  readonly compile: (nodes: readonly SchemaNode[]) => Part;
}
