import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { StopStrings } from '../../../src/tokenizer/stop-strings.ts';

/** What each push and the flush let out; ends at a stop string. */
function run(stops: readonly string[], parts: readonly string[]): { out: string[]; stopString?: string } {
  const stopStrings = new StopStrings(stops);
  const out: string[] = [];
  for (const part of parts) {
    const { text, stopString } = stopStrings.push(part);
    out.push(text);
    if (stopString !== undefined) return { out, stopString };
  }
  out.push(stopStrings.flush());
  return { out };
}

/** The definition, on the whole text: the match that ends first, the longest of those. */
function expected(stops: readonly string[], text: string): { text: string; stopString?: string } {
  const matches = stops
    .map((stopString) => ({ stopString, start: text.indexOf(stopString) }))
    .filter(({ start }) => start >= 0)
    .sort((a, b) => a.start + a.stopString.length - (b.start + b.stopString.length) || a.start - b.start);
  const [first] = matches;
  return first === undefined ? { text } : { text: text.slice(0, first.start), stopString: first.stopString };
}

const few = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
const stopArbitrary = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 4,
});

describe('StopStrings', () => {
  it('finds a stop string that spans pieces and leaks none of it', () => {
    expect(run(['\n\nUser:'], ['Hello.', '\n', '\nUs', 'er', ': hi'])).toEqual({
      out: ['Hello.', '', '', '', ''],
      stopString: '\n\nUser:',
    });
  });

  it('lets go of what cannot become a stop string any more', () => {
    expect(run(['stop'], ['a st', 'ep, a sto', 'ne'])).toEqual({ out: ['a ', 'step, a ', 'stone', ''] });
  });

  it('holds back the longest end that begins a stop string, and no more', () => {
    expect(run(['abcd', 'cx'], ['zabc', 'y']).out).toEqual(['z', 'abcy', '']);
    expect(run(['aab'], ['aaa', 'ac']).out).toEqual(['a', 'aaac', '']);
  });

  it('finds one inside a false start: aab in aaab', () => {
    expect(run(['aab'], Array.from('aaab'))).toEqual({ out: ['', '', 'a', ''], stopString: 'aab' });
    expect(run(['abab', 'abac'], Array.from('ababac'))).toEqual({
      out: ['', '', '', ''],
      stopString: 'abab',
    });
    expect(run(['abac'], Array.from('ababac'))).toEqual({
      out: ['', '', '', 'ab', '', ''],
      stopString: 'abac',
    });
  });

  it('is ended by the match that is complete first, the longest of several', () => {
    expect(run(['abc', 'b'], ['abc'])).toEqual({ out: ['a'], stopString: 'b' });
    expect(run(['bc', 'abc', 'c'], ['xabc'])).toEqual({ out: ['x'], stopString: 'abc' });
  });

  it('gives back what it held when the text ends', () => {
    expect(run(['stop'], ['the sto']).out).toEqual(['the ', 'sto']);
  });

  it('passes everything on without stop strings', () => {
    expect(run([], ['a', '', 'b']).out).toEqual(['a', '', 'b', '']);
  });

  it('does not split a character that shares its first half with a stop string', () => {
    expect(run(['\u{1F600}'], ['\u{1F601}', '\u{1F600}'])).toEqual({
      out: ['\u{1F601}', ''],
      stopString: '\u{1F600}',
    });
  });

  it('agrees with indexOf on the whole text, however it is cut', () => {
    fc.assert(
      fc.property(stopArbitrary, fc.array(few, { maxLength: 8 }), (stops, parts) => {
        const { out, stopString } = run(stops, parts);
        const whole = expected(stops, parts.join(''));
        expect(out.join('')).toBe(whole.text);
        expect(stopString).toBe(whole.stopString);
      }),
      { numRuns: 3000 },
    );
  });

  it('never holds what no stop string begins with, and never lets out what one may begin with', () => {
    fc.assert(
      fc.property(stopArbitrary, fc.array(few, { maxLength: 8 }), (stops, parts) => {
        const stopStrings = new StopStrings(stops);
        let all = '';
        let released = '';
        for (const part of parts) {
          const { text, stopString } = stopStrings.push(part);
          if (stopString !== undefined) return;
          all += part;
          released += text;
          const prefixes = stops.flatMap((stop) => Array.from(stop, (_, i) => stop.slice(0, i)));
          const longest = Math.max(...prefixes.filter((p) => all.endsWith(p)).map((p) => p.length));
          expect(released).toBe(all.slice(0, all.length - longest));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses an empty stop string by its place', () => {
    expect(() => new StopStrings(['a', ''])).toThrow(EngineError);
    expect(() => new StopStrings(['a', ''])).toThrow(expect.objectContaining({ param: 'stop[1]' }));
  });
});
