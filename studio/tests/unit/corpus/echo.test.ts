import { describe, expect, it } from 'vitest';
import { NAMES } from '../../../corpus/cast.ts';
import { echo } from '../../../corpus/echo.ts';
import { SeededRandom } from '../../../corpus/random.ts';

const EXCHANGES = Array.from({ length: 2000 }, (_, seed) => echo(new SeededRandom(seed)));
const LITTLE_WORDS =
  /^(your|you|are|said|it|was|the|friends|of|and|hello|nice|to|meet|i|will|remember|have|what|should|tell|name|is)$/i;
const isBeginning = (user: string): boolean => /^(?:Begin|How would|The first sentence)/.test(user);

describe('echoes', () => {
  it('are answered by what was said before them, and by little words', () => {
    for (const exchanges of EXCHANGES) {
      exchanges.forEach(({ user, assistant }, i) => {
        if (isBeginning(user)) return;
        const said = exchanges
          .slice(0, i + 1)
          .map(({ user }) => user)
          .join(' ');
        const own = (assistant.match(/[A-Za-z]+/g) ?? []).filter((word) => !LITTLE_WORDS.test(word));
        expect(own.filter((word) => !said.includes(word))).toEqual([]);
      });
    }
  });

  it('name the one who was asked for', () => {
    const answers = EXCHANGES.flat().flatMap(({ user, assistant }) => {
      const asked = /What did ([A-Z]\w+) say\?$/.exec(user)?.[1];
      return asked === undefined ? [] : [[user, asked, assistant] as const];
    });
    expect(answers.length).toBeGreaterThan(100);
    for (const [user, name, assistant] of answers) {
      const thing = new RegExp(`${name} said "([^"]+)"`).exec(user)?.[1];
      expect(assistant).toBe(`${name} said "${thing}."`);
    }
  });

  it('are of few kinds and of many words', () => {
    const text = EXCHANGES.flat().map(({ user }) => user).join(' '); // prettier-ignore
    expect(new Set(text.match(/[a-z]+/g)).size).toBeGreaterThan(1000);
    expect(NAMES.filter((name) => !text.includes(name)).length).toBeLessThan(NAMES.length / 50);
  });

  it('begin a story with all nouns and names that were asked for', () => {
    const begun = EXCHANGES.flat().filter(({ user }) => isBeginning(user));
    expect(begun.length).toBeGreaterThan(1000);
    for (const { user, assistant } of begun) {
      const asked = user.replace(/^.*(?:about |Begin: )|(?: begin\?|, please\.|\.)$/g, '');
      const words = asked.split(/ and | named /).map((part) => part.replace(/^an? /, ''));
      for (const word of words) expect(assistant.toLowerCase(), user).toContain(word.toLowerCase());
    }
  });
});
