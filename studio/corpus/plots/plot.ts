import type { NounClass } from '../word-lists.ts';

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
  /** Classes of the noun that the story is open to: `{aX}` with its article and `{x}` alone. */
  readonly x?: readonly NounClass[];
  /** Classes of a second noun: `{aY}` and `{y}`. */
  readonly y?: readonly NounClass[];
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
  | { readonly kind: 'one of'; readonly branches: readonly Branch[] }
  | Rounds;

/**
 * The same is told again and again, each time with another one of `others`. In a frame `{who}` and the further slots of
 * its record are those of the round, `{next}` is the `{who}` of the next round, or the friend's kind. Other texts of the
 * plot have them as `{whoA}`, `{whoB}` and so on.
 */
export interface Rounds {
  readonly kind: 'rounds';
  readonly others: readonly Slots[];
  /** How many rounds a story may have. */
  readonly counts: readonly number[];
  /** The text of each round; the last one is told in all rounds after it. A story has one frame. */
  readonly frames: readonly (readonly string[])[];
}

/** A way that the story may take; its slots hold for the whole story, also before it. */
export interface Branch {
  readonly set?: Slots;
  readonly steps: readonly Step[];
}

export const maybe = (...beat: string[]): Step => ({ kind: 'maybe', beat });
export const anyOrder = (...beats: Beat[]): Step => ({ kind: 'any order', beats });
export const oneOf = (...branches: Branch[]): Step => ({ kind: 'one of', branches });

export const rounds = (
  others: readonly Slots[],
  counts: readonly number[],
  frames: readonly (readonly string[])[],
): Step => ({ kind: 'rounds', others, counts, frames });

const ROUNDS = 'ABCDEF';

/** The name of a round's slot in the other texts of the plot: `whoB`. */
export const nameInRound = (slot: string, round: number): string => `${slot}${ROUNDS.charAt(round)}`;

/** A frame's text of a round, with the round's slots. */
export function textOfRound({ others }: Rounds, frame: readonly string[], round: number): string {
  const text = frame[Math.min(round, frame.length - 1)] ?? '';
  const own = ['next', ...Object.keys(others[0] ?? {})];
  return own.reduce((told, slot) => told.replaceAll(`{${slot}}`, `{${nameInRound(slot, round)}}`), text);
}

export const isInRounds = ({ steps }: Plot): boolean =>
  steps.some((step) => 'kind' in step && step.kind === 'rounds');

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
      case 'rounds':
        return step.frames.flatMap((frame) =>
          Array.from({ length: Math.max(...step.counts) }, (_, round) => textOfRound(step, frame, round)),
        );
    }
  });
}
