import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { invalidField } from '../../../src/errors.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';

/** What clients of several APIs may say of the form of an answer, and what becomes of it. */

/** Of a grammar, a pattern, or a JSON Schema as text. */
export const MAX_GRAMMAR_LENGTH = 2 ** 16;
export const MAX_CHOICES = 1000;

export const grammarTextSchema = z.string().min(1).max(MAX_GRAMMAR_LENGTH);

type Given<Value> = Value | null | undefined;

/** @param param the request's field, as in all of these */
export const ofSchema = (schema: unknown, param: string): GrammarSpec | undefined =>
  (schema ?? undefined) === undefined ? undefined : { type: 'jsonSchema', schema, param };

export const ofPattern = (pattern: Given<string>, param: string): GrammarSpec | undefined =>
  typeof pattern === 'string' ? { type: 'regex', pattern, param } : undefined;

export const ofGrammar = (text: Given<string>, param: string): GrammarSpec | undefined =>
  typeof text === 'string' ? { type: 'ebnf', text, param } : undefined;

export const ofChoice = (texts: Given<readonly string[]>): GrammarSpec | undefined =>
  texts
    ? { type: 'choice', items: texts.map((text): GrammarSpec => ({ type: 'literal', text })) }
    : undefined;

/** A field, and the format that it asks for; undefined: none. */
type FieldFormat = readonly [field: string, format: GrammarSpec | undefined];

/**
 * The one format that a request asks for; undefined: any text. Several fields may ask for the same one: clients send a
 * newer name beside an older one, so that every version of vLLM finds one that it knows.
 *
 * @param fields in the order in which a message names them
 * @throws EngineError `invalid_request` where several ask for different ones, or one field for two
 */
export function onlyFormat(fields: readonly FieldFormat[]): GrammarSpec | undefined {
  const asked = fields.filter(([, format]) => format !== undefined);
  const [first, ...others] = asked;
  if (first === undefined || others.every(([, format]) => isSameFormat(format, first[1]))) return first?.[1];
  const [name, ...otherNames] = new Set(asked.map(([field]) => field));
  const what = otherNames.length === 0 ? 'says twice' : `and ${otherNames.join(', ')} each say`;
  throw invalidField(name ?? first[0], `${what} what the answer must look like: send it once`);
}

/** `param` apart, which says what field it came from. */
const isSameFormat = (one: GrammarSpec | undefined, other: GrammarSpec | undefined): boolean =>
  isDeepStrictEqual({ ...one, param: '' }, { ...other, param: '' });
