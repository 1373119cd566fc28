/**
 * The form of a plot. A text in it may have
 *
 * - `{slot}`: what the story has bound; `{Slot}` begins with a capital. `{hero}` and `{friend}` are introduced where
 *   they come first (`a shy fox named Pip`) and are `Pip` or `the fox` afterwards;
 * - `[one|another|]`: one of these, chosen anew for each text.
 *
 * The first letters of sentences and `a` or `an` are set by the renderer.
 */
export interface Plot {
  readonly name: string;
  /** How a person asks for it: `who lost {his} {thing}`. */
  readonly about: readonly string[];
  /** Things that a person may ask for a story with. */
  readonly things: readonly string[];
  /** Kinds of heroes that do not suit. */
  readonly not?: readonly string[];
  /** The qualities of the hero that suit; all where it is left out. */
  readonly qualities?: readonly string[];
  /** Other persons of the story. */
  readonly cast: readonly ('friend' | 'elder')[];
  /** Others whom each telling has. */
  readonly alsoThere?: readonly string[];
  /** One of the values is bound for the whole story; a record binds each of its keys. */
  readonly slots?: Readonly<Record<string, readonly (string | Slots)[]>>;
  readonly steps: readonly Step[];
  /** What happened afterwards: two to four sentences that fit every ending. */
  readonly more: readonly string[];
  readonly shorter: readonly string[];
  readonly lesson: readonly string[];
  /** How the hero felt. */
  readonly feel: readonly string[];
  /** Questions about this story, and their answers. */
  readonly asks: readonly (readonly [ask: string, answer: string])[];
}

export type Slots = Readonly<Record<string, string>>;

/** A piece of the story in several phrasings, of which one is told. */
export type Beat = readonly string[];

export type Step =
  | Beat
  | { readonly kind: 'maybe'; readonly beat: Beat }
  | { readonly kind: 'any order'; readonly beats: readonly Beat[] }
  | { readonly kind: 'one of'; readonly branches: readonly Branch[] };

/** A way that the story may take; its slots hold for the whole story, also before it. */
export interface Branch {
  readonly set?: Slots;
  readonly steps: readonly Step[];
}

export const maybe = (...beat: string[]): Step => ({ kind: 'maybe', beat });
export const anyOrder = (...beats: Beat[]): Step => ({ kind: 'any order', beats });
export const oneOf = (...branches: Branch[]): Step => ({ kind: 'one of', branches });

/** All phrasings of all beats. */
export function phrasingsOf(steps: readonly Step[]): string[] {
  return steps.flatMap((step): readonly string[] => {
    if (!('kind' in step)) return step;
    switch (step.kind) {
      case 'maybe':
        return step.beat;
      case 'any order':
        return step.beats.flat();
      case 'one of':
        return step.branches.flatMap((branch) => phrasingsOf(branch.steps));
    }
  });
}
