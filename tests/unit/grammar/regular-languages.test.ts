import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { intersect, ofLength, subtract, union } from '../../../src/grammar/regular/combine.ts';
import { compileRegular, compileSearch } from '../../../src/grammar/regular/compile-regular.ts';
import { accepts, type Dfa } from '../../../src/grammar/regular/dfa.ts';
import { Effort } from '../../../src/grammar/regular/effort.ts';
import { encodeBytes } from '../../../src/grammar/regular/encode-bytes.ts';
import { parseRegularExpression } from '../../../src/grammar/regular/parse-regular-expression.ts';
import { textWithout } from '../../../src/grammar/regular/text-automaton.ts';
import { acceptsBytes, randomText } from '../../support/grammar/random-walk.ts';

const effort = (): Effort => new Effort('pattern');
const search = (pattern: string): Dfa => compileSearch(parseRegularExpression(pattern, effort()), effort());
const whole = (pattern: string): Dfa => compileRegular(parseRegularExpression(pattern, effort()), effort());

/** Characters on both sides of each border that the expressions below know. */
const ALPHABET = [
  'a',
  'b',
  'c',
  'A',
  '0',
  '9',
  '_',
  '-',
  ' ',
  '\n',
  '\u2028',
  'é',
  'Ω',
  '中',
  '😀',
  '\u{10ffff}',
];
const text = fc
  .array(fc.constantFrom(...ALPHABET), { maxLength: 8 })
  .map((characters) => characters.join(''));

const atom = fc.constantFrom(
  ...['a', 'b', 'c', '.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '[a-c]', '[^a-b]', '[\\d_-]', '[^\\n]'],
  ...[
    '\\p{L}',
    '\\P{Lu}',
    '\\p{Script=Greek}',
    '\\u{1F600}',
    '\\x61',
    '\\u0061',
    '😀',
    '[é-Ω]',
    '\\-'.slice(1),
  ],
);
const { nested } = fc.letrec<{ nested: string; group: string }>((tie) => ({
  nested: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(tie('nested'), tie('nested')).map((parts) => parts.join('')),
    tie('group'),
  ),
  group: fc
    .tuple(
      tie('nested'),
      tie('nested'),
      fc.constantFrom(
        '(?:X|Y)',
        '(X)*',
        '(X)+?',
        '(?<n>X)?Y',
        '(?:X){1,3}',
        '(?:X){2}',
        '(X){0,2}?Y',
        '^X',
        'X$',
        '(?:^X|Y$)',
      ),
    )
    .map(([x, y, form]) => form.replace('X', x).replace('Y', y)),
}));
const expression = nested.map((source) => {
  let names = 0;
  return source.replaceAll('?<n>', () => `?<n${names++}>`);
});

/** Undefined for what is beyond the bound on work: a property of Unicode has hundreds of ranges in each state. */
function withinBounds<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof EngineError && error.message.includes('too complex')) return undefined;
    throw error;
  }
}

describe('a regular expression as an automaton', () => {
  it.each([
    // Outlines writes a list of numbers so, by Python's re.escape.
    ['\\[\\d(,\\ \\d)*\\]', '[1, 2]', '[1,\\ 2]'],
    ['\\d{3}\\-\\d{2}', '123-45', '123\\-45'],
    ['[\\ -\\~]\\@\\#\\"\\_\\\n', 'a@#"_\n', 'é@#"_\n'],
    ['\\\\ \\/', '\\ /', ' /'],
  ])('takes a backslash before any sign: %s', (pattern, inside, outside) => {
    expect([inside, outside].map((it) => accepts(whole(pattern), it))).toEqual([true, false]);
  });

  it("takes Python's names of groups", () => {
    const dfa = whole('(?P<year>\\d{4})-(?P<month>\\d\\d)[(?P<]?');
    const accepted = ['2026-12', '2026-12(', '2026-12P', '2026-1', '2026-12x'].map((it) => accepts(dfa, it));
    expect(accepted).toEqual([true, true, true, false, false]);
  });

  it.each(['(?P<=a)b', '(?P<!a)b', '(?P=a)', '(?P<a>x)(?P<a>y)'])('refuses %s', (pattern) => {
    expect(() => whole(pattern)).toThrow('is no regular expression of JavaScript');
  });

  it.each(['\\e', '\\é', '(?\\=a)', '\\'])('refuses other escapes that mean nothing: %s', (pattern) => {
    expect(() => whole(pattern)).toThrow('is no regular expression of JavaScript');
  });

  it('finds in a text what RegExp finds', () => {
    fc.assert(
      fc.property(expression, fc.array(text, { minLength: 10, maxLength: 20 }), (pattern, texts) => {
        const dfa = search(pattern);
        const regExp = new RegExp(pattern, 'u');
        for (const it of texts)
          expect([pattern, it, accepts(dfa, it)]).toEqual([pattern, it, regExp.test(it)]);
      }),
      { numRuns: 500 },
    );
  });

  it('matches as a whole what RegExp matches, on texts of the language', () => {
    let numEncoded = 0;
    fc.assert(
      fc.property(
        expression,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (pattern, random) => {
          const dfa = whole(pattern);
          if (dfa.numStates === 1 && dfa.accepts[0] === 0) return;
          const bytes = withinBounds(() => encodeBytes(dfa, 'utf8', false, effort()));
          if (bytes === undefined) return;
          numEncoded++;
          const regExp = new RegExp(`^(?:${pattern})$`, 'u');
          for (let i = 0; i < 5; i++) {
            const found = randomText(bytes, () => Number(random.next().value));
            expect([pattern, found, regExp.test(found)]).toEqual([pattern, found, true]);
            expect(accepts(dfa, found)).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(numEncoded).toBeGreaterThan(200);
  });

  it.each([
    ['^(?!a)(?!.*--)[a-c-]+$', ['b--', 'abc', 'bac', 'b-a-', '', 'c']],
    [
      '^P(?:(\\d+W)|(?!.*W)(?=\\d|T\\d)(\\d+Y)?(T(?=\\d)(\\d+H)?(\\d+M)?)?)$',
      ['P1W', 'P', 'PT', 'P1Y', 'PT1H', 'P1YT', 'P1YT2M', 'P1YW'],
    ],
    ['^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$', ['1', '-1.5', '+.', '.', '', '0.', 'a', '1-']],
    ['(?=.{2,3}$)a+b', ['ab', 'aab', 'aaab', 'xaab', 'aabb', 'aabxx']],
    ['x(?:a(?!b)|b(?=c)){0,2}y?$', ['xa', 'xab', 'xabc', 'xby', 'xaay', 'x', 'xbcb']],
    [
      '^(?=[\\s\\S]*[\\p{Extended_Pictographic}])[\\p{Extended_Pictographic}\\p{Emoji_Component}]+$',
      ['😀', '1', '1😀', 'a😀'],
    ],
  ])('honours lookaheads: %s', (pattern, texts) => {
    const dfa = search(pattern);
    const regExp = new RegExp(pattern, 'u');
    for (const it of texts) expect([it, accepts(dfa, it)]).toEqual([it, regExp.test(it)]);
    expect(new Set(texts.map((it) => regExp.test(it))).size).toBe(2);
  });

  it.each([
    ['(?<=a)b', /lookbehind/],
    ['(?<!a)b', /lookbehind/],
    ['(a)\\1', /backreference/],
    ['(?<x>a)\\k<x>', /backreference/],
    ['\\bword', /word boundary/],
    ['(', /no regular expression/],
    ['(?:(?=a)b)*', /repeats a lookahead/],
    ['(?:a^b)(?=c)', /\^ behind its beginning/],
    ['('.repeat(101) + ')'.repeat(101), /deeper than 100/],
    ['a'.repeat(10_001), /at most 10000 characters/],
    ['\\p{L}\\p{Lu}\\p{Ll}\\p{N}\\p{P}', /more than 4 Unicode properties/],
    ['(a{1000}){1000}', /more than 20000 states/],
    ['(.*a){20}.{20}', /too complex/],
    ['(?:){999999999}', /too complex/],
    ['((a?){100}){100}b', /too complex/],
  ])('refuses %s', (pattern, complaint) => {
    expect(() => search(pattern)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        param: 'pattern',
        message: expect.stringMatching(complaint) as string,
      }),
    );
  });
});

describe('operations on automata', () => {
  it('are those on sets of texts', () => {
    fc.assert(
      fc.property(
        expression,
        expression,
        fc.nat(4),
        fc.nat(4),
        fc.array(text, { minLength: 20, maxLength: 20 }),
        (p, q, min, more, texts) => {
          const [a, b] = [search(p), search(q)];
          const length = ofLength(min, min + more, effort());
          const [both, either, first, sized] = [
            intersect(a, b, effort()),
            union(a, b, effort()),
            subtract(a, b, effort()),
            intersect(a, length, effort()),
          ];
          for (const it of texts) {
            const [inA, inB] = [new RegExp(p, 'u').test(it), new RegExp(q, 'u').test(it)];
            const size = Array.from(it).length;
            expect([accepts(both, it), accepts(either, it), accepts(first, it), accepts(sized, it)]).toEqual([
              inA && inB,
              inA || inB,
              inA && !inB,
              inA && size >= min && size <= min + more,
            ]);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('leave out texts that hold a stop, and no others', () => {
    const stops = ['<tool>', 'ab', 'aabc😀', '😀😀'];
    const bytes = encodeBytes(textWithout(stops, effort()), 'utf8', false, effort());
    const piece = fc.constantFrom('<', 'tool', '>', 'a', 'b', 'aab', 'c', '😀', '<tool');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const it = pieces.join('');
        expect(acceptsBytes(bytes, Buffer.from(it))).toBe(!stops.some((stop) => it.includes(stop)));
      }),
    );
  });
});

describe('the encoding of characters', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 6 });

  it('is that of UTF-8, and of JSON.stringify', () => {
    const [utf8, json] = [
      encodeBytes(search(''), 'utf8', false, effort()),
      encodeBytes(search(''), 'jsonString', true, effort()),
    ];
    fc.assert(
      fc.property(anything, (it) => {
        expect(acceptsBytes(utf8, Buffer.from(it))).toBe(true);
        expect(acceptsBytes(json, Buffer.from(JSON.stringify(it)))).toBe(true);
      }),
    );
  });

  it('knows each character of the Unicode planes by itself', () => {
    const json = encodeBytes(whole('.|[\\n\\r\\u2028\\u2029]'), 'jsonString', true, effort());
    for (let codePoint = 0; codePoint < 0x110000; codePoint += codePoint < 0x11000 ? 1 : 0x3fd) {
      const isSurrogate = codePoint >= 0xd800 && codePoint < 0xe000;
      if (!isSurrogate && !acceptsBytes(json, Buffer.from(JSON.stringify(String.fromCodePoint(codePoint)))))
        expect.unreachable(`U+${codePoint.toString(16)} is refused`);
    }
  });

  it('gives only texts that JSON.parse reads and JSON.stringify writes again', () => {
    const json = encodeBytes(search(''), 'jsonString', true, effort());
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (random) => {
          const found = randomText(json, () => Number(random.next().value));
          expect(JSON.stringify(JSON.parse(found))).toBe(found);
        },
      ),
    );
  });

  it.each([
    ['an overlong character', [0xc0, 0x80]],
    ['an overlong character of 3 bytes', [0xe0, 0x9f, 0xbf]],
    ['an overlong character of 4 bytes', [0xf0, 0x8f, 0xbf, 0xbf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['what lies beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['half a character', [0xc3]],
  ])('refuses %s', (_, bytes) => {
    expect(acceptsBytes(encodeBytes(search(''), 'utf8', false, effort()), Uint8Array.from(bytes))).toBe(
      false,
    );
  });

  it('is the same for the same language, however it was written', () => {
    const encode = (dfa: Dfa): unknown => encodeBytes(dfa, 'jsonString', true, effort());
    expect(encode(search(''))).toEqual(encode(search('^[\\s\\S]*$')));
    expect(encode(whole('(?:ab|ac)*x?'))).toEqual(encode(whole('(?:a(?:b|c))*(?:x|)')));
  });
});
