/** The shape of lists of words: those of the corpus, and those of the test set. */

export const NOUN_CLASSES = ['animal', 'person', 'thing', 'big', 'place', 'stuff', 'idea'] as const;
export type NounClass = (typeof NOUN_CLASSES)[number];

/** Words by how often they are drawn. */
export interface Tiers {
  readonly common: readonly string[];
  readonly other: readonly string[];
  /** They are for echoes; stories have them seldom. */
  readonly rare: readonly string[];
}

export interface Words {
  readonly nouns: Readonly<Record<NounClass, Tiers>>;
  readonly adjectives: Readonly<Record<'hero' | 'thing' | 'place', Tiers>>;
  readonly names: Readonly<Record<'girls' | 'boys' | 'animals', readonly string[]>>;
}

/** All words of the lists. */
export const allOf = ({ nouns, adjectives, names }: Words): string[] => [
  ...[...Object.values(nouns), ...Object.values(adjectives)].flatMap((tiers) => allTiers(tiers)),
  ...Object.values(names).flat(),
];

export const allTiers = ({ common, other, rare }: Tiers): string[] => [...common, ...other, ...rare];
