import { invalidField } from '../../errors.ts';
import { automatonOf, choiceOf, isNever, NEVER, type Part, ruleOf, textOf } from '../compile/part.ts';
import { isSatisfiable, type Rules } from '../compile/rules.ts';
import type { Effort } from '../regular/effort.ts';
import { textAutomaton } from '../regular/text-automaton.ts';
import { compileArray } from './arrays.ts';
import { enumeratedValues } from './enumerated-values.ts';
import { anyJson } from './json-terminals.ts';
import { compileNumber } from './numbers.ts';
import { compileObject } from './objects.ts';
import type { SchemaContext } from './schema-context.ts';
import { SchemaDocument, type SchemaNode } from './schema-document.ts';
import { separateBranches } from './separate-branches.ts';
import { compileString, Patterns } from './strings.ts';
import { type Term, TermExpander } from './terms.ts';
import { ANY_TYPE, ARRAY, BOOLEAN, FRACTION, INTEGER, NULL, OBJECT, STRING, typesMeantBy } from './types.ts';
import { ValueChecker } from './values.ts';

/**
 * Compiles a JSON Schema of draft 2020-12 or draft-07 to rules of compact JSON: each text of the result is valid. Each
 * keyword is enforced, is an annotation, or is refused. Some valid texts are left out: declared properties come in the
 * schema's order, and others only where the schema speaks of them.
 * @throws EngineError `invalid_request` that names a keyword which cannot be enforced, or a schema that nothing satisfies
 */
export function compileSchema(schema: unknown, rules: Rules, effort: Effort): Part {
  const compiler = new SchemaCompiler(schema, rules, effort);
  const part = compiler.compile([compiler.document.root]);
  compiler.finish();
  if (!isSatisfiable(part, rules.bodies, effort))
    throw invalidField(compiler.culprit(), 'is satisfied by no value');
  return part;
}

class SchemaCompiler implements SchemaContext {
  readonly document: SchemaDocument;
  readonly effort: Effort;
  readonly rules: Rules;
  readonly patterns: Patterns;
  readonly terms: TermExpander;
  readonly values: ValueChecker;
  /** The rule of each list of schemas that hold together. */
  readonly #known = new Map<string, Part>();
  /** The numbers of each range. */
  readonly #numbers = new Map<string, Part>();
  /** Rules that have no body yet. */
  readonly #open: { index: number; nodes: readonly SchemaNode[] }[] = [];
  /** Where the first schema stands that nothing satisfies by itself. */
  #unsatisfied: string | undefined;

  constructor(schema: unknown, rules: Rules, effort: Effort) {
    this.effort = effort;
    this.rules = rules;
    this.document = new SchemaDocument(schema, effort);
    this.patterns = new Patterns(effort);
    this.terms = new TermExpander(this.document, effort, (branches, base, path) =>
      separateBranches(branches, base, path, this),
    );
    this.values = new ValueChecker(this.document, this.terms, this.patterns, effort);
  }

  compile = (nodes: readonly SchemaNode[]): Part => {
    const ids = [...new Set(nodes.map(({ id }) => id))].sort((a, b) => a - b);
    const key = ids.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const index = this.rules.reserve();
    this.#known.set(key, ruleOf(index));
    this.#open.push({ index, nodes });
    return ruleOf(index);
  };

  /** Gives the rules their bodies: in a list and not by recursion, since chains of schemas may be long. */
  finish(): void {
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      const terms = this.terms.termsOfAll(next.nodes);
      const body = choiceOf(terms.map((term) => this.#compileTerm(term)));
      this.rules.define(next.index, body);
      if (isNever(body)) this.#unsatisfied ??= next.nodes.find(({ schema }) => schema !== false)?.path;
    }
  }

  /** The path of a schema that nothing satisfies, if the whole is not satisfied. */
  culprit(): string {
    return this.#unsatisfied ?? this.effort.param;
  }

  #compileTerm(term: Term): Part {
    this.effort.spend(4);
    const values = enumeratedValues(term, this.values);
    if (values !== undefined) return this.#listed(values);
    const meant = term.nodes.reduce((all, { schema }) => all | typesMeantBy(schema), 0);
    if (term.types === ANY_TYPE && meant === 0) return anyJson(this.rules).value;
    // A schema without `type` allows values that its keywords say nothing about. Those are not what is wanted of it.
    const types = term.types === ANY_TYPE ? meant : term.types;
    const kinds: readonly [number, () => Part][] = [
      [NULL, () => textOf('null')],
      [BOOLEAN, () => choiceOf([textOf('true'), textOf('false')])],
      [INTEGER | FRACTION, () => compileNumber({ ...term, types }, this.#numbers, this.effort)],
      [STRING, () => compileString(term, this.patterns, this.effort)],
      [ARRAY, () => compileArray(term, this)],
      [OBJECT, () => compileObject(term, this)],
    ];
    return choiceOf(kinds.filter(([bits]) => (types & bits) !== 0).map(([, compile]) => compile()));
  }

  #listed(values: readonly unknown[]): Part {
    const texts = [...new Set(values.map((value) => JSON.stringify(value)))];
    const [first] = texts;
    if (first === undefined) return NEVER;
    return texts.length === 1 ? textOf(first) : automatonOf(textAutomaton(texts, this.effort));
  }
}
