import { expect, it } from 'vitest';
import { convertFile } from '../../../src/markdown/convert-file.ts';

/** What stands on the page, each piece as marked content with its index as its id. */
const PIECES = ['Title', 'A first line', 'one', 'two', 'inner', 'Name', 'Count', 'apple', '3'];

const element = (role: string, parent: number, kids: string): string =>
  `<< /Type /StructElem /S /${role} /P ${parent} 0 R /Pg 3 0 R /K ${kids} >>`;

/** A tagged PDF by the structure of ISO 32000-2, 14.7; a reader finds its objects without a table of them. */
function taggedPdf(): Buffer {
  const content = PIECES.map(
    (text, id) => `/Span << /MCID ${id} >> BDC BT /F 9 Tf 20 ${280 - 20 * id} Td (${text}) Tj ET EMC`,
  ).join('\n');
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R /MarkInfo << /Marked true >> /StructTreeRoot 6 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /StructParents 0 ' +
      '/Resources << /Font << /F 5 0 R >> >> >>',
    `<< /Length ${content.length} >> stream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    '<< /Type /StructTreeRoot /K 7 0 R /ParentTree 23 0 R >>',
    element('Document', 6, '[8 0 R 9 0 R 10 0 R 17 0 R]'),
    element('H2', 7, '0'),
    element('P', 7, '1'),
    element('L', 7, '[11 0 R 13 0 R]'),
    element('LI', 10, '[12 0 R]'),
    element('LBody', 11, '2'),
    element('LI', 10, '[14 0 R 15 0 R]'),
    element('LBody', 13, '3'),
    element('L', 13, '[16 0 R]'),
    element('LI', 15, '4'),
    element('Table', 7, '[18 0 R 21 0 R]'),
    element('TR', 17, '[19 0 R 20 0 R]'),
    element('TH', 18, '5'),
    element('TH', 18, '6'),
    element('TR', 17, '[22 0 R 24 0 R]'),
    element('TD', 21, '7'),
    '<< /Nums [0 [8 0 R 9 0 R 12 0 R 14 0 R 16 0 R 19 0 R 20 0 R 22 0 R 24 0 R]] >>',
    element('TD', 21, '8'),
  ];
  const body = objects.map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`).join('');
  return Buffer.from(`%PDF-1.7\n${body}trailer << /Root 1 0 R >>\n%%EOF`, 'latin1');
}

it('a page is read by its tags where it has such', async () => {
  const file = { name: 'tagged.pdf', mimeType: 'application/pdf', bytes: taggedPdf() };
  const conversion = await convertFile(file, { format: 'markdown', pdfMetadata: false });
  expect(conversion).toEqual({
    mimeType: 'application/pdf',
    data: [
      '# tagged.pdf',
      '## Contents',
      '### Page 1',
      '## Title',
      'A first line',
      '- one\n- two\n  - inner',
      '| Name | Count |\n| --- | --- |\n| apple | 3 |',
    ].join('\n\n'),
  });
});
