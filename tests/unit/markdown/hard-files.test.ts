import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { HARD_FILES } from '../../../chaos/support/hard-files.ts';
import type { Conversion } from '../../../src/markdown/conversion.ts';
import { MarkdownConverter } from '../../../src/markdown/markdown-converter.ts';

const OPTIONS = { format: 'markdown', pdfMetadata: true } as const;
const TIMEOUT_MS = 60_000;

const converter = new MarkdownConverter({ limits: { deadlineMs: 1500 } });
afterAll(() => converter.stop());

const convert = (name: string, bytes: Uint8Array, by = converter, clientId = 'a'): Promise<Conversion> =>
  by.convert({ name, mimeType: '', bytes }, OPTIONS, { clientId, signal: new AbortController().signal });

const errorOf = (conversion: Conversion): string => ('error' in conversion ? conversion.error : 'none');

/** What each comes to where there is one answer on any machine: others are read in time, or are not. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'deep.html': /did not end within/,
  'deep-marks.html': /nests more than 400/,
  'bomb.docx': /when it is unpacked/,
  'lying.docx': /no document of Word|did not end within/,
  'deep.docx': /nests more than 100/,
  'far.xlsx': /cells/,
  'repeated.ods': /cells/,
  'bomb.pdf': /did not end within|took its process/,
};

describe('a file that is hard to convert', () => {
  it.each(HARD_FILES)(
    '$name ends its own conversion alone',
    async ({ name, make }) => {
      const conversion = await convert(name, make());
      expect(errorOf(conversion)).toMatch(EXPECTED[name] ?? /./);
      expect(await convert('a.html', Buffer.from('<p>next</p>'))).toMatchObject({ data: 'next' });
    },
    TIMEOUT_MS,
  );

  it(
    'does not hold up a small one of another client, however small it is itself',
    async () => {
      const patient = new MarkdownConverter({ limits: { deadlineMs: 10_000 } });
      const file = HARD_FILES.find(({ name }) => name === 'deep.html');
      const bytes = file?.make() ?? new Uint8Array();
      await convert('a.html', Buffer.from('<p>first</p>'), patient);
      const ended: string[] = [];
      const hard = convert('deep.html', bytes, patient).then((conversion) => {
        ended.push('hard');
        return conversion;
      });
      await convert('a.html', Buffer.from('<p>next</p>'), patient, 'b').then(() => ended.push('other'));
      expect(errorOf(await hard)).toMatch(/did not end within 10000 ms/);
      expect(ended).toEqual(['other', 'hard']);
      await patient.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'does not hold up a large one of another client, nor do those whose client has left',
    async () => {
      const patient = new MarkdownConverter({ limits: { deadlineMs: 20_000 } });
      const endless = Buffer.from('<div>'.repeat(60_000));
      const large = Buffer.from(`<p>${'next '.repeat(60_000)}</p>`);
      const ended: string[] = [];
      for (let numLeft = 0; numLeft < 3; numLeft++) {
        const controller = new AbortController();
        const left = patient.convert({ name: 'a.html', mimeType: '', bytes: endless }, OPTIONS, {
          clientId: 'a',
          signal: controller.signal,
        });
        setTimeout(() => controller.abort(), 500);
        await expect(left).rejects.toThrow();
      }
      const hard = [1, 2].map(() =>
        convert('a.html', endless, patient)
          .then(() => ended.push('hard'))
          .catch(() => undefined),
      );
      await convert('b.html', large, patient, 'b').then(() => ended.push('other'));
      expect(ended).toEqual(['other']);
      await patient.stop();
      await Promise.all(hard);
    },
    TIMEOUT_MS,
  );

  it(
    'does not hold up a large one of another client for its whole deadline, however many clients have such',
    async () => {
      const patient = new MarkdownConverter({ limits: { deadlineMs: 20_000 } });
      const endless = Buffer.from('<div>'.repeat(60_000));
      const large = Buffer.from(`<p>${'next '.repeat(60_000)}</p>`);
      const ended: string[] = [];
      const hard = ['a', 'b', 'c'].map((clientId) =>
        convert('a.html', endless, patient, clientId).then(
          () => ended.push('hard'),
          () => undefined,
        ),
      );
      for (const clientId of ['d', 'e']) {
        await convert('b.html', large, patient, clientId).then(() => ended.push('other'));
        if (clientId === 'd') await sleep(3000);
      }
      expect(ended).toEqual(['other', 'other']);
      await patient.stop();
      await Promise.all(hard);
    },
    TIMEOUT_MS,
  );

  it(
    'takes no more memory than it may, also where that is none of V8',
    async () => {
      const small = new MarkdownConverter({ limits: { maxResidentBytes: 200 * 2 ** 20 } });
      const file = HARD_FILES.find(({ name }) => name === 'bomb.pdf');
      const conversion = await convert('bomb.pdf', file?.make() ?? new Uint8Array(), small);
      await small.stop();
      expect(errorOf(conversion)).toMatch(/took its process with it \(SIGKILL/);
    },
    TIMEOUT_MS,
  );
});
