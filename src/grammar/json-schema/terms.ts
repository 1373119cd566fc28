import { invalidField } from '../../errors.ts';
import type { Effort } from '../regular/effort.ts';
import type { SchemaDocument, SchemaNode } from './schema-document.ts';
import { ANY_TYPE, OBJECT, typesOf } from './types.ts';

/**
 * Schemas that hold together, their `$ref`, `allOf`, `anyOf` and `oneOf` followed: each way to choose a branch of each
 * union is a term of its own.
 */
export interface Term {
  /** Sorted by id. Their applicators are followed already; their other keywords count. */
  readonly nodes: readonly SchemaNode[];
  /** The kinds of values that all of them allow. */
  readonly types: number;
  /** Properties that must be there, or must not, so that another branch of a `oneOf` does not match. */
  readonly forced: readonly string[];
  readonly forbidden: readonly string[];
}

/** Terms of one list of schemas. */
const MAX_TERMS = 1_000;

/** Schemas that lead from one to the next by `$ref`, `allOf` and the like, without a property or an item between. */
const MAX_CHAIN = 128;

const ANYTHING: Term = { nodes: [], types: ANY_TYPE, forced: [], forbidden: [] };

/** Makes the branches of a `oneOf` exclude each other. @throws EngineError `invalid_request` */
export type Separate = (branches: readonly (readonly Term[])[], base: Term, path: string) => Term[];

export class TermExpander {
  readonly #document: SchemaDocument;
  readonly #effort: Effort;
  readonly #separate: Separate;
  readonly #known = new Map<number, readonly Term[]>();
  readonly #open = new Set<number>();

  constructor(document: SchemaDocument, effort: Effort, separate: Separate) {
    this.#document = document;
    this.#effort = effort;
    this.#separate = separate;
  }

  /** The terms of schemas that hold together. No term: no value is valid. */
  termsOfAll(nodes: readonly SchemaNode[]): readonly Term[] {
    return nodes.reduce<readonly Term[]>(
      (terms, node) => this.#product(terms, this.termsOf(node), node.path),
      [ANYTHING],
    );
  }

  /** @throws EngineError `invalid_request` if the schema refers to itself without a property or an item between. */
  termsOf(node: SchemaNode): readonly Term[] {
    const known = this.#known.get(node.id);
    if (known !== undefined) return known;
    if (this.#open.has(node.id))
      throw invalidField(node.path, 'refers to itself without a property or an item in between');
    if (this.#open.size >= MAX_CHAIN)
      throw invalidField(
        node.path,
        `is reached through more than ${MAX_CHAIN} schemas that refer to each other`,
      );
    this.#open.add(node.id);
    const terms = this.#expand(node);
    this.#open.delete(node.id);
    this.#known.set(node.id, terms);
    return terms;
  }

  /** Whether one of the schemas leads to one that is being expanded, without a property or an item between. */
  leadBack(nodes: readonly SchemaNode[]): boolean {
    const reached = new Map(nodes.map((node) => [node.id, node]));
    // The loop goes on with what it adds.
    for (const node of reached.values()) {
      this.#effort.spend(10);
      if (this.#open.has(node.id)) return true;
      if (!this.#known.has(node.id)) for (const next of this.#nextOf(node)) reached.set(next.id, next);
    }
    return false;
  }

  #nextOf(node: SchemaNode): SchemaNode[] {
    const { schema } = node;
    if (typeof schema === 'boolean') return [];
    const next = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => this.#listOf(node, keyword));
    if (typeof schema['$ref'] === 'string') next.push(this.#document.resolve(node, schema['$ref']));
    return next;
  }

  #listOf(node: SchemaNode, keyword: string): SchemaNode[] {
    const list = typeof node.schema === 'boolean' ? undefined : node.schema[keyword];
    if (!Array.isArray(list)) return [];
    return list.map((item, i) => this.#document.child(node, item, `${keyword}[${i}]`));
  }

  #expand(node: SchemaNode): readonly Term[] {
    const { schema, path } = node;
    if (typeof schema === 'boolean') return schema ? [ANYTHING] : [];
    if (schema['not'] !== undefined && schema['not'] !== false) return [];
    const base = { ...ANYTHING, nodes: [node], types: typesOf(schema) };
    let terms: readonly Term[] = [base];
    const and = (more: readonly Term[]): void => {
      terms = this.#product(terms, more, path);
    };
    if (typeof schema['$ref'] === 'string') and(this.termsOf(this.#document.resolve(node, schema['$ref'])));
    for (const branch of this.#branchesOf(node, 'allOf')) and(branch);
    if (schema['anyOf'] !== undefined) and(this.#branchesOf(node, 'anyOf').flat());
    if (schema['oneOf'] !== undefined)
      and(this.#separate(this.#branchesOf(node, 'oneOf'), base, `${path}.oneOf`));
    return terms;
  }

  #branchesOf(node: SchemaNode, keyword: string): (readonly Term[])[] {
    return this.#listOf(node, keyword).map((item) => this.termsOf(item));
  }

  #product(a: readonly Term[], b: readonly Term[], path: string): readonly Term[] {
    if (a.length === 1 && a[0] === ANYTHING) return b;
    if (b.length === 1 && b[0] === ANYTHING) return a;
    const terms: Term[] = [];
    for (const first of a)
      for (const second of b) {
        this.#effort.spend(20 + 4 * (first.nodes.length + second.nodes.length));
        const term = merge(first, second);
        if (term !== undefined) terms.push(term);
      }
    if (terms.length > MAX_TERMS)
      throw invalidField(path, `is too complex: its unions multiply to more than ${MAX_TERMS}`);
    return terms;
  }
}

/** Both terms at once; undefined if no kind of value is left. */
export function merge(a: Term, b: Term): Term | undefined {
  const forced = [...new Set([...a.forced, ...b.forced])];
  const forbidden = [...new Set([...a.forbidden, ...b.forbidden])];
  const types = a.types & b.types & (forced.length + forbidden.length > 0 ? OBJECT : ANY_TYPE);
  if (types === 0) return undefined;
  const nodes = [...new Map([...a.nodes, ...b.nodes].map((node) => [node.id, node])).values()];
  return { nodes: nodes.sort((x, y) => x.id - y.id), types, forced, forbidden };
}
