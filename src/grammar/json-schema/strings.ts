import { invalidField } from '../../errors.ts';
import { clip, isRecord } from '../../values.ts';
import { automatonOf, NEVER, type Part, sequenceOf, textOf } from '../compile/part.ts';
import { intersect } from '../regular/combine.ts';
import { compileSearch } from '../regular/compile-regular.ts';
import { type Dfa, EVERY_TEXT, isEmpty } from '../regular/dfa.ts';
import type { Effort } from '../regular/effort.ts';
import { encodeBytes } from '../regular/encode-bytes.ts';
import { hasTextOfLength, lengthsOf } from '../regular/lengths.ts';
import { parseRegularExpression } from '../regular/parse-regular-expression.ts';
import { formatDfa, stringFormatKind } from './formats.ts';
import { jsonCharacter, jsonString } from './json-terminals.ts';
import type { SchemaNode } from './schema-document.ts';
import type { Term } from './terms.ts';

/** What the schemas of a term ask of a string. */
export interface StringLanguage {
  /** In code points. */
  readonly minLength: number;
  readonly maxLength: number | undefined;
  /** What patterns and formats leave; EVERY_TEXT if there are none. */
  readonly content: Dfa;
}

/** The automata of patterns, each made once for a grammar, and the strings that were compiled with them. */
export class Patterns {
  readonly #effort: Effort;
  readonly #known = new Map<string, Dfa>();
  /** By the keywords that they come from. */
  readonly strings = new Map<string, Part>();

  constructor(effort: Effort) {
    this.#effort = effort;
  }

  /** The texts in which a pattern is found. `path`: of the schema that has it. @throws EngineError `invalid_request` */
  get(pattern: string, path: string): Dfa {
    let dfa = this.#known.get(pattern);
    if (dfa === undefined) {
      const effort = this.#effort.at(path);
      dfa = compileSearch(parseRegularExpression(pattern, effort), effort);
      this.#known.set(pattern, dfa);
    }
    return dfa;
  }
}

/**
 * `withFormats` false leaves formats out: fewer texts are of a format here than elsewhere, which matters where a text
 * must be none of the language.
 */
export function stringLanguageOf(
  term: Term,
  patterns: Patterns,
  effort: Effort,
  withFormats = true,
): StringLanguage {
  let minLength = 0;
  let maxLength: number | undefined;
  let content = EVERY_TEXT;
  for (const node of term.nodes) {
    const { schema, path } = node;
    if (typeof schema === 'boolean') continue;
    if (typeof schema['minLength'] === 'number') minLength = Math.max(minLength, schema['minLength']);
    if (typeof schema['maxLength'] === 'number')
      maxLength = Math.min(maxLength ?? Infinity, schema['maxLength']);
    if (typeof schema['pattern'] === 'string')
      content = intersect(content, patterns.get(schema['pattern'], `${path}.pattern`), effort.at(path));
    if (typeof schema['format'] === 'string' && withFormats && isEnforced(schema['format'], node))
      content = intersect(content, formatDfa(schema['format']), effort.at(path));
  }
  return { minLength, maxLength, content };
}

/** @throws EngineError `invalid_request` for a format that is not known */
function isEnforced(format: string, { schema, path }: SchemaNode): boolean {
  const kind = stringFormatKind(format);
  const hasPattern = isRecord(schema) && (schema['pattern'] !== undefined || schema['allOf'] !== undefined);
  if (kind === 'unknown' || (kind === 'pattern' && !hasPattern))
    throw invalidField(`${path}.format`, `is ${clip(format)}, which is not supported`);
  return kind === 'enforced';
}

/** The strings of a term. Fields of the same kind are compiled once. */
export function compileString(term: Term, patterns: Patterns, effort: Effort): Part {
  const keywords = term.nodes.map(({ schema }) =>
    isRecord(schema) ? STRING_KEYWORDS.map((it) => schema[it] ?? null) : [],
  );
  const key = JSON.stringify(keywords);
  const known = patterns.strings.get(key);
  if (known !== undefined) return known;
  const part = makeString(term, patterns, effort);
  patterns.strings.set(key, part);
  return part;
}

const STRING_KEYWORDS = ['minLength', 'maxLength', 'pattern', 'format'];

function makeString(term: Term, patterns: Patterns, effort: Effort): Part {
  const { minLength, maxLength, content } = stringLanguageOf(term, patterns, effort);
  if (maxLength !== undefined && maxLength < minLength) return NEVER;
  const hasLength = minLength > 0 || maxLength !== undefined;
  if (content === EVERY_TEXT) {
    if (!hasLength) return automatonOf(jsonString());
    const characters = { type: 'counted', word: jsonCharacter(), min: minLength, max: maxLength } as const;
    return sequenceOf([textOf('"'), characters, textOf('"')]);
  }
  const at = effort.at(
    term.nodes.find(({ schema }) => isRecord(schema) && (schema['pattern'] ?? schema['format']) !== undefined)
      ?.path ?? effort.param,
  );
  if (isEmpty(content)) return NEVER;
  const lengths = hasLength ? lengthsOf(content, at) : undefined;
  const isWithin =
    lengths === undefined || (lengths.least >= minLength && lengths.most <= (maxLength ?? Infinity));
  if (isWithin) return automatonOf(encodeBytes(content, 'jsonString', true, at));
  return sizedString(content, { minLength, maxLength }, at);
}

/** A table of the engine has a cell for each state and each length. Beyond so many, the longest texts are left out. */
const MAX_CELLS = 60_000;

function sizedString(
  content: Dfa,
  { minLength, maxLength }: Pick<StringLanguage, 'minLength' | 'maxLength'>,
  effort: Effort,
): Part {
  const automaton = encodeBytes(content, 'jsonString', false, effort);
  const most = Math.floor(MAX_CELLS / automaton.numStates) - 1;
  if (minLength > most) {
    const complaint = `is too complex: beside this pattern a minLength of at most ${most} is taken`;
    throw invalidField(effort.param, complaint);
  }
  const max = maxLength === undefined ? undefined : Math.min(maxLength, most);
  if (!hasTextOfLength(content, minLength, max, effort)) return NEVER;
  return sequenceOf([textOf('"'), { type: 'sized', automaton, min: minLength, max }, textOf('"')]);
}
