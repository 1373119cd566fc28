import type { CodePoints } from '../regular/code-points.ts';

/** The right side of a rule of a grammar file. */
export type EbnfNode =
  | { readonly type: 'set'; readonly set: CodePoints }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reference'; readonly name: string }
  | { readonly type: 'sequence'; readonly items: readonly EbnfNode[] }
  | { readonly type: 'choice'; readonly items: readonly EbnfNode[] }
  | {
      readonly type: 'repeat';
      readonly item: EbnfNode;
      readonly min: number;
      readonly max: number | undefined;
    };
