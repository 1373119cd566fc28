import { invalidField } from '../../errors.ts';
import type { GrammarSpec } from '../grammar-spec.ts';
import type { Grammar } from '../grammar.ts';
import { compileSchema } from '../json-schema/compile-schema.ts';
import { anyJson } from '../json-schema/json-terminals.ts';
import { compileRegular } from '../regular/compile-regular.ts';
import { isEmpty } from '../regular/dfa.ts';
import { Effort } from '../regular/effort.ts';
import { encodeBytes } from '../regular/encode-bytes.ts';
import { parseRegularExpression } from '../regular/parse-regular-expression.ts';
import { textWithout } from '../regular/text-automaton.ts';
import { assemble } from './assemble.ts';
import { compileEbnf } from './compile-ebnf.ts';
import { automatonOf, choiceOf, type Part, repeatOf, sequenceOf, textOf } from './part.ts';
import { Rules } from './rules.ts';

/**
 * Compiles what a text must look like to a grammar. It takes bounded work, counted and not timed: at most MAX_WORK units,
 * about 0.1 s.
 * @throws EngineError `invalid_request` with the field's name if the text cannot be constrained so
 */
export function compileGrammar(spec: GrammarSpec): Grammar {
  const effort = new Effort(paramOf(spec) ?? 'grammar');
  const rules = new Rules(effort);
  const root = rules.reserve();
  rules.define(root, partOf(spec, rules, effort));
  return assemble(rules, effort);
}

function partOf(spec: GrammarSpec, rules: Rules, effort: Effort): Part {
  effort.spend(1);
  switch (spec.type) {
    case 'jsonSchema':
      return compileSchema(spec.schema, rules, effort.at(spec.param));
    case 'jsonObject':
      return anyJson(rules).object;
    case 'regex':
      return regularPart(spec.pattern, effort.at(spec.param));
    case 'ebnf':
      return compileEbnf(spec.text, rules, effort.at(spec.param));
    case 'literal':
      return textOf(spec.text);
    case 'specialToken':
      return spec;
    case 'textWithout':
      return automatonOf(encodeBytes(textWithout(spec.stops, effort), 'utf8', false, effort));
    case 'sequence':
      return sequenceOf(spec.items.map((item) => partOf(item, rules, effort)));
    case 'choice':
      return choiceOf(spec.items.map((item) => partOf(item, rules, effort)));
    case 'repeat':
      return repeatOf(partOf(spec.item, rules, effort), spec.min, spec.max);
  }
}

function regularPart(pattern: string, effort: Effort): Part {
  const dfa = compileRegular(parseRegularExpression(pattern, effort), effort);
  if (isEmpty(dfa)) throw invalidField(effort.param, 'matches no text');
  return automatonOf(encodeBytes(dfa, 'utf8', false, effort));
}

/** The request's field that a specification came from; the first one, if there are several. */
function paramOf(spec: GrammarSpec): string | undefined {
  if ('param' in spec) return spec.param;
  if (spec.type === 'repeat') return paramOf(spec.item);
  if (spec.type !== 'sequence' && spec.type !== 'choice') return undefined;
  return spec.items.map(paramOf).find((param) => param !== undefined);
}
