import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReasoningMeter, type ReasoningTags } from '../../../src/engine/reasoning-meter.ts';

const OPENING = '<t>';
const CLOSING = '<<t>';

/** By looking for the tags in the whole text. */
function reference(pieces: readonly string[], { opening, closing, startsInside }: ReasoningTags): number {
  const text = pieces.join('');
  const space = /^[ \n\t\r]*/.exec(text)?.[0].length ?? 0;
  const isOpened = text.startsWith(opening, space);
  if (!isOpened && !startsInside) return 0;
  const start = isOpened ? space + opening.length : 0;
  const found = text.indexOf(closing, start);
  const end = found === -1 ? text.length : found;
  let at = 0;
  return pieces.filter((piece) => {
    const from = at;
    at += piece.length;
    return from >= start && at <= end;
  }).length;
}

function metered(pieces: readonly string[], tags: ReasoningTags): ReasoningMeter {
  const meter = new ReasoningMeter(tags);
  for (const piece of pieces) meter.push(Buffer.from(piece));
  return meter;
}

describe('the tokens of reasoning', () => {
  // Tags that begin alike, of which one holds the beginning of the other twice.
  const piece = fc.oneof(
    fc.constantFrom('<', '<<', 't', 't>', '<t>', '<<t>', 'x', ' ', '\n', ''),
    fc.string({ unit: fc.constantFrom('<', 't', '>', 'x', ' '), minLength: 1, maxLength: 7 }),
  );
  const pieces = fc
    .tuple(fc.constantFrom([], ['<t>'], [' \n', '<', 't>'], ['<t>x']), fc.array(piece, { maxLength: 14 }))
    .map(([first, others]) => [...first, ...others]);

  it.each([true, false])(
    'are those between the tags, wherever tokens are cut; inside from the start: %s',
    (startsInside) => {
      const tags = { opening: OPENING, closing: CLOSING, startsInside };
      let numClosed = 0;
      fc.assert(
        fc.property(pieces, (all) => {
          // What comes after another token changes nothing of what was said before it.
          for (let length = 0; length <= all.length; length++) {
            const some = all.slice(0, length);
            expect(metered(some, tags).numTokens, JSON.stringify(some)).toBe(reference(some, tags));
          }
          const meter = metered(all, tags);
          if (meter.phase === 'behind' && meter.numTokens > 0) numClosed++;
        }),
        { numRuns: 2000 },
      );
      expect(numClosed).toBeGreaterThan(100);
    },
  );
});

describe('a place in the reasoning', () => {
  const tags = { opening: '<think>', closing: '</think>', startsInside: true };

  it.each([
    ['a', 0],
    ['a<', 1],
    ['a</thin', 6],
    ['a</thi</th', 4],
    ['<think', 0],
  ])('%s: how much of the closing tag is written', (text, numClosingBytes) => {
    expect(metered([text], tags).numClosingBytes).toBe(numClosingBytes);
  });

  it('may be in the middle of a character', () => {
    const meter = new ReasoningMeter(tags);
    const places = [...Buffer.from('aé\u{1F600}b')].map((byte) => {
      meter.push(Uint8Array.of(byte));
      return meter.isInsideCharacter;
    });
    expect(places).toEqual([false, true, false, true, true, true, false, false]);
  });

  it.each([
    [{ ...tags, startsInside: false }, ['Hello <think>'], 'behind'],
    [{ ...tags, startsInside: false }, [' <th'], 'before'],
    [{ ...tags, startsInside: false }, ['\n<think>'], 'inside'],
    [tags, [], 'inside'],
    [tags, ['<think>a</think>'], 'behind'],
  ] as const)('%j %j: %s', (of, pieces, phase) => {
    expect(metered(pieces, of).phase).toBe(phase);
  });
});
