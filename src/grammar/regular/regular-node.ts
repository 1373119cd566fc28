import { ANY_CODE_POINT, type CodePoints, codePointOf } from './alphabet.ts';

/** A regular expression, parsed. */
export type RegularNode =
  /** One character of the set. */
  | { readonly type: 'set'; readonly set: CodePoints }
  | { readonly type: 'sequence'; readonly items: readonly RegularNode[] }
  | { readonly type: 'choice'; readonly items: readonly RegularNode[] }
  | {
      readonly type: 'repeat';
      readonly item: RegularNode;
      readonly min: number;
      readonly max: number | undefined;
    }
  /** `^` and `$`: the empty text, at the text's start or at its end only. */
  | { readonly type: 'start' }
  | { readonly type: 'end' }
  /** The empty text where what follows begins with the item, or does not. */
  | { readonly type: 'lookahead'; readonly item: RegularNode; readonly negative: boolean };

export const EMPTY: RegularNode = { type: 'sequence', items: [] };

export const ANY_TEXT: RegularNode = {
  type: 'repeat',
  item: { type: 'set', set: ANY_CODE_POINT },
  min: 0,
  max: undefined,
};

/** The characters of a text, one after the other. Lone surrogates match nothing. */
export const literalNode = (text: string): RegularNode => ({
  type: 'sequence',
  items: Array.from(text, (character) => {
    const codePoint = codePointOf(character);
    const isSurrogate = codePoint >= 0xd800 && codePoint < 0xe000;
    return { type: 'set', set: isSurrogate ? [] : [codePoint, codePoint] } as const;
  }),
});

/** Whether a node of the tree is of one of these types. */
export function contains(node: RegularNode, type: RegularNode['type']): boolean {
  if (node.type === type) return true;
  if (node.type === 'sequence' || node.type === 'choice')
    return node.items.some((item) => contains(item, type));
  return 'item' in node && contains(node.item, type);
}
