import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { Conversion } from '../../../src/markdown/conversion.ts';
import { convertFile } from '../../../src/markdown/convert-file.ts';

/** Work in the square of this takes longer than a test may. */
const LONG = 500_000;

const convert = (name: string, bytes: Uint8Array): Promise<Conversion> =>
  convertFile({ name, mimeType: '', bytes }, { format: 'markdown', pdfMetadata: true });

/** A workbook whose one cell is a number in a format. */
function workbookOf(formatCode: string): Uint8Array {
  const entries = {
    'xl/workbook.xml': '<workbook><sheets><sheet name="A" r:id="r1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels':
      '<Relationships><Relationship Id="r1" Target="worksheets/a.xml"/></Relationships>',
    'xl/styles.xml': `<styleSheet><numFmts><numFmt numFmtId="200" formatCode="${formatCode}"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs></styleSheet>`,
    'xl/worksheets/a.xml':
      '<worksheet><sheetData><row><c r="A1" s="0"><v>7</v></c></row></sheetData></worksheet>',
  };
  return zipSync(Object.fromEntries(Object.entries(entries).map(([path, text]) => [path, strToU8(text)])));
}

describe('a long run of one character', () => {
  it('of blanks stays in the cell of a table', async () => {
    const blanks = ' '.repeat(LONG);
    expect(await convert('a.csv', Buffer.from(`a,"b${blanks}c\n${blanks}\n d | e"\n`))).toMatchObject({
      data: `| a | b${blanks}c<br>d \\| e |\n| --- | --- |`,
    });
  });

  it('of brackets is the format of a number', async () => {
    expect(await convert('a.xlsx', workbookOf('['.repeat(LONG)))).toMatchObject({
      data: expect.stringContaining('| 7 |') as string,
    });
  });
});
