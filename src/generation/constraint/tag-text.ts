import type { GrammarSpec } from '../../grammar/grammar-spec.ts';

/** Special tokens that stand in texts, by what they are written as. */
export type TagTokens = ReadonlyMap<string, number>;

/** Of a vocabulary's special tokens, those that stand in one of these texts. */
export function tagTokensIn(texts: readonly string[], specialTokens: TagTokens): TagTokens {
  const all = texts.join('\n');
  return new Map([...specialTokens].filter(([name]) => name !== '' && all.includes(name)));
}

/** A text as a grammar has it: special tokens are no text. */
export function tagText(text: string, tokens: TagTokens): GrammarSpec[] {
  const names = [...tokens.keys()].sort((a, b) => b.length - a.length);
  const specs: GrammarSpec[] = [];
  let literal = '';
  for (let at = 0; at < text.length;) {
    const name = names.find((one) => text.startsWith(one, at));
    if (name === undefined) {
      literal += text.charAt(at++);
      continue;
    }
    if (literal !== '') specs.push({ type: 'literal', text: literal });
    literal = '';
    specs.push({ type: 'specialToken', name });
    at += name.length;
  }
  return literal === '' ? specs : [...specs, { type: 'literal', text: literal }];
}

/** Text up to one of these tags; a tag that is a special token is no text, so that no text holds it. */
export const textBefore = (tags: readonly string[], tokens: TagTokens): GrammarSpec => ({
  type: 'textWithout',
  stops: tags.filter((tag) => ![...tokens.keys()].some((name) => tag.includes(name))),
});

/** One after the other; a sequence in it is a part of it. */
export function sequence(...parts: readonly (GrammarSpec | readonly GrammarSpec[])[]): GrammarSpec {
  const items = parts.flat().flatMap((item) => (item.type === 'sequence' ? item.items : [item]));
  const [only] = items;
  return only !== undefined && items.length === 1 ? only : { type: 'sequence', items };
}

export function choice(items: readonly GrammarSpec[]): GrammarSpec {
  const [only] = items;
  return only !== undefined && items.length === 1 ? only : { type: 'choice', items };
}

export const repeat = (item: GrammarSpec, min: number, max: number | undefined): GrammarSpec => ({
  type: 'repeat',
  item,
  min,
  max,
});

export const optional = (item: GrammarSpec): GrammarSpec => repeat(item, 0, 1);
