import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { terminalLines } from '../../../src/cli/terminal-lines.ts';

/** What the log writes, as a terminal shows it. */
function linesOf(write: (logger: pino.Logger) => void, colorize = false): string {
  let text = '';
  const format = terminalLines(colorize);
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime };
  write(pino(options, { write: (line: string) => (text += format(line)) }));
  return text.replaceAll(/^\[\d\d:\d\d:\d\d\]/gm, '[TIME]');
}

describe('a line of the log in a terminal', () => {
  it('has the time, the level, the text and the fields that the text has not', () => {
    const fields = { requestId: 'r', method: 'POST', path: '/v1/completions', status: 200 };
    expect(
      linesOf((log) => log.info({ ...fields, durationMs: 81.2, ended: 'stop' }, 'POST /v1/completions 200')),
    ).toBe('[TIME] INFO: POST /v1/completions 200 durationMs=81.2 ended=stop\n');
  });

  it('is no longer than a few lines, whatever a field holds', () => {
    const text = linesOf((log) =>
      log.info({ reason: 'x'.repeat(5000), none: undefined, empty: '' }, 'ready'),
    );
    expect(text).toBe(`[TIME] INFO: ready reason=${'x'.repeat(120)}…\n`);
  });

  it('is followed by the stack of an error', () => {
    const text = linesOf((log) => log.error({ err: new TypeError('no such thing') }, 'it broke'));
    expect(text).toMatch(/^\[TIME\] ERROR: it broke\nTypeError: no such thing\n\s+at /);
  });

  it('cannot be made to obey by what a client sent', () => {
    const evil = '\u001b[2J\u001b[31m\nforged line\r\u0007\u009b5m';
    const text = linesOf((log) => log.info({ path: evil, error: evil }, `GET ${evil} 404`));
    // eslint-disable-next-line no-control-regex -- they must not be there
    expect(text.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(text.split('\n')).toHaveLength(2);
  });

  it('has colours where they are wanted', () => {
    expect(linesOf((log) => log.warn('careful'), true)).toContain('\u001b[33m');
    expect(linesOf((log) => log.warn('careful'))).toBe('[TIME] WARN: careful\n');
  });
});
