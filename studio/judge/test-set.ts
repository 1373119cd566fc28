import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import type { Words } from '../corpus/word-lists.ts';

/**
 * What the embedded model is measured with: words and phrasings that its corpus must not have. studio/corpus/words.ts
 * refuses the words, a unit test compares the phrasings.
 */
export interface TestSet {
  readonly words: Words;
  /** Requests for stories, with `{subject}`; for two things `{subject}` and `{other}`. */
  readonly stories: readonly string[];
  readonly pairs: readonly string[];
  /** Questions about a story by the id of what they ask for (studio/corpus/facts). */
  readonly questions: Readonly<Record<string, readonly string[]>>;
  /** What the model cannot do. */
  readonly odd: readonly string[];
  /** By what is right to say. */
  readonly smallTalk: Readonly<Record<'who' | 'can' | 'thanks' | 'hello' | 'goodbye', readonly string[]>>;
}

function readTestSet(): TestSet {
  return JSON.parse(readFileSync(new URL('studio/judge/test-set.json', PACKAGE_ROOT), 'utf8')) as TestSet;
}

export const TEST_SET: TestSet = readTestSet();
