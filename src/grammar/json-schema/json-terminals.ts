import {
  automatonOf,
  choiceOf,
  optional,
  type Part,
  repeatOf,
  ruleOf,
  sequenceOf,
  textOf,
} from '../compile/part.ts';
import type { Rules } from '../compile/rules.ts';
import type { ByteAutomaton } from '../grammar.ts';
import { compileRegular } from '../regular/compile-regular.ts';
import type { Dfa } from '../regular/dfa.ts';
import { Effort } from '../regular/effort.ts';
import { encodeBytes } from '../regular/encode-bytes.ts';
import { parseRegularExpression } from '../regular/parse-regular-expression.ts';

/**
 * Digits of a number, and of its fraction. 15 digits are exact in a double: numbers that differ as texts differ as
 * values, and a bound that a text keeps is kept by its value. It also ends numbers, which models like to go on with.
 */
export const MAX_DIGITS = 15;

const more = MAX_DIGITS - 1;

/** Made once, so that each grammar has the same content and what is kept for a terminal serves all of them. */
function once<T>(make: (effort: Effort) => T): () => T {
  let made: T | undefined;
  return () => (made ??= make(new Effort('json')));
}

const ofPattern = (pattern: string): (() => ByteAutomaton) =>
  once((effort) =>
    encodeBytes(compileRegular(parseRegularExpression(pattern, effort), effort), 'utf8', false, effort),
  );

/**
 * Any character but the control characters that JSON can write by their number alone: no text needs them, and a small
 * model that has begun with `\\u00` goes on so.
 */
const CHARACTER = '[^\\u0000-\\u0007\\u000b\\u000e-\\u001f]';

const languageOf = (pattern: string): (() => Dfa) =>
  once((effort) => compileRegular(parseRegularExpression(pattern, effort), effort));

const inString = (language: () => Dfa, isQuoted: boolean): (() => ByteAutomaton) =>
  once((effort) => encodeBytes(language(), 'jsonString', isQuoted, effort));

/** Texts of such characters. */
export const plainText = languageOf(`${CHARACTER}*`);

/** A string in quotes, of such characters. */
export const jsonString = inString(plainText, true);

/** One character of a string, as it stands between quotes. */
export const jsonCharacter = inString(languageOf(CHARACTER), false);

export const jsonInteger = ofPattern(`0|-?[1-9]\\d{0,${more}}`);

/** No `-0`, which JSON.stringify never writes. The exponent's bound keeps the value finite. */
export const jsonNumber = ofPattern(
  `(?!-0(?:\\.0+)?(?:[eE].*)?$)-?(?:0|[1-9]\\d{0,${more}})(?:\\.\\d{1,${MAX_DIGITS}})?(?:[eE][+-]?\\d{1,2})?`,
);

export interface AnyJson {
  readonly value: Part;
  readonly object: Part;
}

const known = new WeakMap<Rules, AnyJson>();

/** The rules of any JSON value and of any JSON object, in compact form: once in a grammar. */
export function anyJson(rules: Rules): AnyJson {
  const made = known.get(rules);
  if (made !== undefined) return made;
  const [valueIndex, objectIndex, arrayIndex] = [rules.reserve(), rules.reserve(), rules.reserve()];
  const [value, object, array] = [ruleOf(valueIndex), ruleOf(objectIndex), ruleOf(arrayIndex)];
  const string = automatonOf(jsonString());
  const listOf = (item: Part): Part =>
    optional(sequenceOf([item, repeatOf(sequenceOf([textOf(','), item]), 0, undefined)]));
  const member = sequenceOf([string, textOf(':'), value]);
  const words = ['true', 'false', 'null'].map(textOf);
  rules.define(valueIndex, choiceOf([string, automatonOf(jsonNumber()), ...words, object, array]));
  rules.define(objectIndex, sequenceOf([textOf('{'), listOf(member), textOf('}')]));
  rules.define(arrayIndex, sequenceOf([textOf('['), listOf(value), textOf(']')]));
  known.set(rules, { value, object });
  return { value, object };
}
