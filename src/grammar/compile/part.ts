import type { ByteAutomaton } from '../grammar.ts';

/** An expression while a grammar is put together: with its terminals inside, and with parts that no text satisfies. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'automaton'; readonly automaton: ByteAutomaton }
  | {
      readonly type: 'counted';
      readonly word: ByteAutomaton;
      readonly min: number;
      readonly max: number | undefined;
    }
  | {
      readonly type: 'sized';
      readonly automaton: ByteAutomaton;
      readonly min: number;
      readonly max: number | undefined;
    }
  | { readonly type: 'specialToken'; readonly name: string }
  | { readonly type: 'sequence'; readonly items: readonly Part[] }
  | { readonly type: 'choice'; readonly items: readonly Part[] }
  | { readonly type: 'repeat'; readonly item: Part; readonly min: number; readonly max: number | undefined }
  /** `index` into Rules. */
  | { readonly type: 'rule'; readonly index: number };

/** The empty text. */
export const NOTHING: Part = { type: 'sequence', items: [] };

/** No text at all. */
export const NEVER: Part = { type: 'choice', items: [] };

export const isNever = (part: Part): boolean => part.type === 'choice' && part.items.length === 0;

export const isNothing = (part: Part): boolean => part.type === 'sequence' && part.items.length === 0;

export const textOf = (text: string): Part => (text === '' ? NOTHING : { type: 'text', text });

export const automatonOf = (automaton: ByteAutomaton): Part => ({ type: 'automaton', automaton });

export const ruleOf = (index: number): Part => ({ type: 'rule', index });

/** The parts one after the other. Texts that are neighbours become one. */
export function sequenceOf(parts: readonly Part[]): Part {
  const items: Part[] = [];
  for (const part of parts.flatMap((it) => (it.type === 'sequence' ? it.items : [it]))) {
    if (isNever(part)) return NEVER;
    const last = items.at(-1);
    if (part.type === 'text' && last?.type === 'text')
      items[items.length - 1] = textOf(last.text + part.text);
    else items.push(part);
  }
  return items.length === 1 && items[0] !== undefined ? items[0] : { type: 'sequence', items };
}

/** One of the parts. */
export function choiceOf(parts: readonly Part[]): Part {
  const items = parts.flatMap((part) => (part.type === 'choice' ? part.items : [part]));
  return items.length === 1 && items[0] !== undefined ? items[0] : { type: 'choice', items };
}

/** The part `min` to `max` times; `max` undefined: without end. */
export function repeatOf(item: Part, min: number, max: number | undefined): Part {
  if (max !== undefined && max < min) return NEVER;
  if (max === 0 || isNothing(item)) return NOTHING;
  if (isNever(item)) return min === 0 ? NOTHING : NEVER;
  return min === 1 && max === 1 ? item : { type: 'repeat', item, min, max };
}

export const optional = (item: Part): Part => repeatOf(item, 0, 1);
