import type { GrammarSpec } from '../grammar/grammar-spec.ts';

/** The special tokens that a format names. */
export function namedSpecialTokens(spec: GrammarSpec): string[] {
  switch (spec.type) {
    case 'specialToken':
      return [spec.name];
    case 'sequence':
    case 'choice':
      return [...new Set(spec.items.flatMap(namedSpecialTokens))];
    case 'repeat':
      return namedSpecialTokens(spec.item);
    default:
      return [];
  }
}

/** The format with what a vocabulary has no special token for written as text. */
export function withoutUnknownTokens(spec: GrammarSpec, isKnown: (name: string) => boolean): GrammarSpec {
  switch (spec.type) {
    case 'specialToken':
      return isKnown(spec.name) ? spec : { type: 'literal', text: spec.name };
    case 'sequence':
    case 'choice':
      return { ...spec, items: spec.items.map((item) => withoutUnknownTokens(item, isKnown)) };
    case 'repeat':
      return { ...spec, item: withoutUnknownTokens(spec.item, isKnown) };
    default:
      return spec;
  }
}
