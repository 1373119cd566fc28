import { deflateRawSync, deflateSync } from 'node:zlib';
import { zipSync, strToU8 } from 'fflate';

/** A file that is hard to convert to Markdown: it loops, nests, or is far larger than it looks. */
export interface HardFile {
  readonly name: string;
  /** Anew for each call: a large one takes some hundred milliseconds. */
  make(): Uint8Array;
}

const MIB = 2 ** 20;
const text = (name: string, make: () => string): HardFile => ({ name, make: () => Buffer.from(make()) });

/** Office's documents are archives. */
const archive = (name: string, make: () => Readonly<Record<string, string>>): HardFile => ({
  name,
  make: () =>
    zipSync(Object.fromEntries(Object.entries(make()).map(([path, content]) => [path, strToU8(content)]))),
});

const WORKBOOK = {
  'xl/workbook.xml': '<workbook><sheets><sheet name="A" r:id="r1"/></sheets></workbook>',
  'xl/_rels/workbook.xml.rels':
    '<Relationships><Relationship Id="r1" Target="worksheets/a.xml"/></Relationships>',
};
const workbook = (name: string, make: () => string): HardFile =>
  archive(name, () => ({
    ...WORKBOOK,
    'xl/worksheets/a.xml': `<worksheet><sheetData>${make()}</sheetData></worksheet>`,
  }));

const ods = (name: string, table: string): HardFile =>
  archive(name, () => ({
    'content.xml': `<office:spreadsheet><table:table table:name="A">${table}</table:table></office:spreadsheet>`,
  }));

const spaces = (numBytes: number): Buffer => Buffer.alloc(numBytes, ' ');

/** An archive whose one entry says that it is small, and is not. */
function lyingArchive(path: string): Uint8Array {
  const packed = deflateRawSync(spaces(256 * MIB));
  const stated = 100;
  const nameBytes = Buffer.from(path);
  const head = (signature: number, isCentral: boolean): Buffer => {
    const fields = Buffer.alloc(isCentral ? 46 : 30);
    fields.writeUInt32LE(signature, 0);
    const at = isCentral ? 10 : 8;
    fields.writeUInt16LE(8, at);
    fields.writeUInt32LE(packed.length, at + 10);
    fields.writeUInt32LE(stated, at + 14);
    fields.writeUInt16LE(nameBytes.length, at + 18);
    return fields;
  };
  const local = Buffer.concat([head(0x04034b50, false), nameBytes, packed]);
  const central = Buffer.concat([head(0x02014b50, true), nameBytes]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

/** A PDF of these objects, without a table of where they are: a reader has to look for them. */
function pdf(objects: readonly (string | Buffer)[]): Buffer {
  const parts = objects.flatMap((object, index) => [`${index + 1} 0 obj\n`, object, '\nendobj\n']);
  const whole = ['%PDF-1.4\n', ...parts, 'trailer << /Root 1 0 R >>\n%%EOF'];
  return Buffer.concat(whole.map((part) => Buffer.from(part as string)));
}

const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';

function stream(content: Uint8Array): Buffer {
  const packed = deflateSync(content, { level: 9 });
  return Buffer.concat([
    Buffer.from(`<< /Length ${packed.length} /Filter /FlateDecode >> stream\n`),
    packed,
    Buffer.from('\nendstream'),
  ]);
}

const onePage = (name: string, make: () => Uint8Array, resources = '<< >>'): HardFile => ({
  name,
  make: () =>
    pdf([
      CATALOG,
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources ${resources} >>`,
      stream(make()),
    ]),
});

export const HARD_FILES: readonly HardFile[] = [
  text('deep.html', () => '<div>'.repeat(50_000)),
  text('deep-marks.html', () => '<b><i>'.repeat(20_000)),
  text('misnested.html', () => '<b><p>'.repeat(3000)),
  text('open-tags.html', () => '<'.repeat(200_000)),
  text('cells.html', () => `<table>${`<tr>${'<td>x'.repeat(50)}`.repeat(4000)}`),
  text('long.csv', () => 'a,b,c,d,e,f,g,h\n'.repeat(650_000)),
  text('quotes.csv', () => '"'.repeat(5 * MIB)),
  text('wide.csv', () => ','.repeat(2 * MIB)),
  text('deep.json', () => '['.repeat(4 * MIB)),
  archive('bomb.docx', () => ({
    '[Content_Types].xml': '<Types/>',
    'word/document.xml': ' '.repeat(100 * MIB),
  })),
  archive('deep.docx', () => ({
    'word/document.xml': `<w:body>${'<w:tbl><w:tr><w:tc>'.repeat(50_000)}`,
  })),
  { name: 'lying.docx', make: () => lyingArchive('word/document.xml') },
  { name: 'lying.ods', make: () => lyingArchive('content.xml') },
  workbook('far.xlsx', () => '<row><c r="XFD1"><v>1</v></c></row>'.repeat(100_000)),
  ods(
    'repeated.ods',
    '<table:table-row table:number-rows-repeated="1000000000"><table:table-cell table:number-columns-repeated="1000000000"><text:p>a</text:p></table:table-cell></table:table-row>',
  ),
  archive('deep.odt', () => ({
    'content.xml': `<office:text>${'<text:list><text:list-item>'.repeat(50_000)}`,
  })),
  {
    name: 'loop.pdf',
    make: () => pdf([CATALOG, '<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2147483647 >>']),
  },
  onePage('bomb.pdf', () => spaces(512 * MIB)),
  onePage('texts.pdf', () => Buffer.from('BT /F 1 Tf (abc) Tj ET\n'.repeat(500_000))),
  onePage('form-loop.pdf', () => Buffer.from('/X Do '.repeat(1000)), '<< /XObject << /X 4 0 R >> >>'),
];
