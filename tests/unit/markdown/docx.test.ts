import { readFileSync } from 'node:fs';
import { strToU8, zipSync } from 'fflate';
import mammoth from 'mammoth';
import { describe, expect, it } from 'vitest';
import { docxToHtml } from '../../../src/markdown/docx.ts';
import { fragmentToMarkdown } from '../../../src/markdown/html-to-markdown.ts';

/** mammoth reads the same documents. Where ours differs on purpose, the test says what is better for a reader. */

const NAMESPACES =
  'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" ' +
  'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" ' +
  'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" ' +
  'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" ' +
  'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" ' +
  'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" ' +
  'xmlns:v="urn:schemas-microsoft-com:vml"';
const TYPES = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

const style = (id: string, name: string, rest = '', type = 'paragraph'): string =>
  `<w:style w:type="${type}" w:styleId="${id}"><w:name w:val="${name}"/>${rest}</w:style>`;
const STYLES = [
  style('Normal', 'Normal'),
  ...[1, 2, 3, 4, 5, 6].map((level) =>
    style(`H${level}`, `heading ${level}`, `<w:pPr><w:outlineLvl w:val="${level - 1}"/></w:pPr>`),
  ),
  style('Titel', 'Title'),
  style('Own', 'Chapter', '<w:basedOn w:val="H2"/>'),
  style('Loop', 'Loop', '<w:basedOn w:val="Loop"/>'),
  style('Bullets', 'List Bullet'),
  style('Numbers', 'Numbers', '<w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr>'),
  style('Strong', 'Strong', '<w:rPr><w:b/></w:rPr>', 'character'),
  style('Emphasis', 'Emphasis', '<w:rPr><w:i/></w:rPr>', 'character'),
  style('Link', 'Hyperlink', '<w:rPr><w:u w:val="single"/></w:rPr>', 'character'),
];
const levels = (format: string, extra = ''): string =>
  [0, 1, 2]
    .map(
      (level) =>
        `<w:lvl w:ilvl="${level}"><w:start w:val="1"/><w:numFmt w:val="${format}"/>${level === 0 ? extra : ''}</w:lvl>`,
    )
    .join('');
const NUMBERING =
  `<w:abstractNum w:abstractNumId="0">${levels('bullet', '<w:pStyle w:val="Bullets"/>')}</w:abstractNum>` +
  `<w:abstractNum w:abstractNumId="1">${levels('decimal')}</w:abstractNum>` +
  `<w:abstractNum w:abstractNumId="2">${levels('none')}</w:abstractNum>` +
  '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>' +
  '<w:num w:numId="3"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>' +
  '<w:num w:numId="4"><w:abstractNumId w:val="2"/></w:num>';
const LINKS: Readonly<Record<string, string>> = {
  l1: 'https://example.com/a?b=1&amp;c=2',
  l2: 'mailto:a@example.com',
  l3: 'javascript:alert(1)',
};

const relation = (id: string, type: string, target: string): string =>
  `<Relationship Id="${id}" Type="${TYPES}/${type}" Target="${target}"/>`;
const relations = (...all: string[]): string =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${all.join('')}</Relationships>`;
const root = (name: string, content: string): string => `<w:${name} ${NAMESPACES}>${content}</w:${name}>`;

function docx(body: string, notes = ''): Uint8Array {
  const parts: Record<string, string> = {
    '[Content_Types].xml':
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    '_rels/.rels': relations(relation('r1', 'officeDocument', 'word/document2.xml')),
    'word/document2.xml': root('document', `<w:body>${body}<w:sectPr/></w:body>`),
    'word/_rels/document2.xml.rels': relations(
      relation('p1', 'styles', 'styles2.xml'),
      relation('p2', 'numbering', '/word/numbering.xml'),
      relation('p3', 'footnotes', 'footnotes.xml'),
      relation('p4', 'endnotes', 'endnotes.xml'),
      ...Object.entries(LINKS).map(([id, target]) => relation(id, 'hyperlink', target)),
    ),
    'word/styles2.xml': root('styles', STYLES.join('')),
    'word/numbering.xml': root('numbering', NUMBERING),
    'word/footnotes.xml': root('footnotes', notes),
    'word/endnotes.xml': root('endnotes', notes.replaceAll('footnote', 'endnote')),
  };
  return zipSync(Object.fromEntries(Object.entries(parts).map(([path, text]) => [path, strToU8(text)])));
}

const r = (text: string, properties = ''): string =>
  `<w:r><w:rPr>${properties}</w:rPr><w:t xml:space="preserve">${text}</w:t></w:r>`;
const p = (content: string, properties = ''): string => `<w:p><w:pPr>${properties}</w:pPr>${content}</w:p>`;
const styled = (id: string, text: string): string => p(r(text), `<w:pStyle w:val="${id}"/>`);
const item = (numId: number, level: number, text: string): string =>
  p(r(text), `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="${numId}"/></w:numPr>`);
const cell = (content: string, properties = ''): string =>
  `<w:tc><w:tcPr>${properties}</w:tcPr>${content}</w:tc>`;
const table = (...rows: string[]): string =>
  `<w:tbl><w:tblPr/>${rows.map((row) => `<w:tr>${row}</w:tr>`).join('')}</w:tbl>`;
const field = (code: string, result: string): string =>
  `<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>${code}</w:instrText></w:r>` +
  `<w:r><w:fldChar w:fldCharType="separate"/></w:r>${result}<w:r><w:fldChar w:fldCharType="end"/></w:r>`;
const textBox = (text: string): string =>
  '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><a:graphic><a:graphicData>' +
  `<wps:wsp><wps:txbx><w:txbxContent>${p(r(text))}</w:txbxContent></wps:txbx></wps:wsp></a:graphicData></a:graphic>` +
  '</wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent>' +
  `${p(r(text))}</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>`;

const markdownOf = (bytes: Uint8Array): string => fragmentToMarkdown(docxToHtml(bytes));

async function byMammoth(bytes: Uint8Array): Promise<string> {
  const convertImage = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
  const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(bytes) }, { convertImage });
  return fragmentToMarkdown(value);
}

const NOTE = `<w:footnote w:type="separator" w:id="-1">${p(r('none'))}</w:footnote><w:footnote w:id="2">${p(
  `<w:r><w:footnoteRef/></w:r>${r(' A note &amp; more.')}`,
)}</w:footnote>`;

describe('a document of Word is what mammoth makes of it', () => {
  it.each<[name: string, body: string, holds: string]>([
    ['headings', [1, 2, 3, 4, 5, 6].map((n) => styled(`H${n}`, `Head ${n}`)).join(''), '###### Head 6'],
    ['an unknown style', styled('Heading2', 'Two') + styled('None', 'text'), '## Two\n\ntext'],
    [
      'marks',
      p(
        r('plain ') +
          r('bold', '<w:b/>') +
          r(' both', '<w:b/><w:i/>') +
          r(' gone', '<w:strike/>') +
          r(' off', '<w:b w:val="0"/>') +
          r(' under', '<w:u w:val="single"/>') +
          r(' style', '<w:rStyle w:val="Strong"/>'),
      ),
      'plain **bold _both_** ~~gone~~ off under **style**',
    ],
    [
      'what HTML and Markdown would read',
      p(r('&lt;b&gt; &amp;amp; *x* [y] "q" # 1. a')),
      '<b> &amp; \\*x\\*',
    ],
    [
      'breaks',
      p(
        `<w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t><w:br w:type="page"/><w:noBreakHyphen/></w:r>`,
      ),
      'a  \nb c',
    ],
    [
      'tab stops and empty paragraphs',
      p(r('a'), '<w:tabs><w:tab w:val="left"/></w:tabs>') + p('') + p(r('b')),
      'a\n\nb',
    ],
    [
      'links',
      p(
        `<w:hyperlink r:id="l1">${r('one', '<w:rStyle w:val="Link"/>')}${r(' two', '<w:b/>')}</w:hyperlink>`,
      ) +
        p(`<w:hyperlink r:id="l2" w:anchor="x">${r('mail')}</w:hyperlink>`) +
        p(field(' HYPERLINK "https://example.com/f" ', r('field'))) +
        p(field(' PAGE ', r('7'))),
      '[field](https://example.com/f)\n\n7',
    ],
    [
      'lists',
      item(1, 0, 'a') +
        item(1, 1, 'b') +
        item(2, 2, 'c') +
        p('') +
        item(2, 2, 'd') +
        item(1, 0, 'e') +
        p(r('text')) +
        item(2, 0, 'one') +
        item(2, 0, 'two') +
        item(1, 0, 'other') +
        styled('Bullets', 'by style'),
      '1. one\n2. two',
    ],
    [
      'list without a level',
      p(r('a'), '<w:numPr><w:numId w:val="1"/></w:numPr>') + item(0, 0, 'none'),
      '- a\n\nnone',
    ],
    [
      'tables',
      table(cell(p(r('a'))) + cell(p(r('b|')) + p(r('c')))) +
        table(
          cell(p(r('x'))) + cell(table(cell(p(r('y'))) + cell(p(r('z')))) + p('')),
          cell(item(1, 0, 'i')) + cell(p('')),
        ),
      '| a | b\\|<br>c |',
    ],
    [
      'tracked changes',
      p(
        `${r('kept ')}<w:del>${r('x')}<w:r><w:delText>gone</w:delText></w:r></w:del><w:ins>${r('new', '<w:b/><w:rPrChange><w:rPr><w:i/></w:rPr></w:rPrChange>')}</w:ins>`,
      ) +
        p(r('joined '), '<w:rPr><w:del/></w:rPr>') +
        p(r('end'), '<w:rPr><w:b/></w:rPr>') +
        p(`<w:moveFrom>${r('from')}</w:moveFrom><w:moveTo>${r('to')}</w:moveTo>`) +
        table(cell(p(r('in'))), `<w:trPr><w:del/></w:trPr>${cell(p(r('out')))}`),
      'kept **new**\n\njoined end\n\nto\n\n| in |',
    ],
    [
      'text boxes, once',
      p(r('before') + textBox('boxed') + r(' after')) + p(r('next')),
      'before after\n\nboxed\n\nnext',
    ],
    [
      'controls',
      `<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent>${p(r('in'))}</w:sdtContent></w:sdt>${p(`<w:smartTag>${r('tag')}</w:smartTag>`)}`,
      'in\n\ntag',
    ],
    [
      'notes',
      p(
        `${r('text')}<w:r><w:footnoteReference w:id="2"/></w:r>${r(' and')}<w:r><w:endnoteReference w:id="2"/></w:r>`,
      ),
      '1. A note & more. [↑](#footnote-ref-2)',
    ],
  ])('%s', async (_, body, holds) => {
    const bytes = docx(body, NOTE);
    const markdown = markdownOf(bytes);
    expect(markdown).toBe(await byMammoth(bytes));
    expect(markdown).toContain(holds);
  });

  it('as python-docx writes it', async () => {
    const bytes = readFileSync(new URL('../../fixtures/markdown/report.docx', import.meta.url));
    expect(markdownOf(bytes)).toBe(await byMammoth(bytes));
  });
});

describe('more is known than mammoth knows', () => {
  it.each<[name: string, body: string, expected: string]>([
    [
      'a title, and a style that is based on a heading',
      styled('Titel', 'T') + styled('Own', 'O'),
      '# T\n\n## O',
    ],
    [
      'the outline of a paragraph',
      p(r('a'), '<w:outlineLvl w:val="2"/>') + p(r('b'), '<w:outlineLvl w:val="9"/>'),
      '### a\n\nb',
    ],
    ['a style that is based on itself', styled('Loop', 'a'), 'a'],
    [
      'marks by a style',
      p(r('a', '<w:rStyle w:val="Emphasis"/>') + r(' b', '<w:rStyle w:val="Strong"/><w:b w:val="0"/>')),
      '_a_ b',
    ],
    [
      'a link to an anchor, or by a script, is its text',
      p(`<w:hyperlink w:anchor="x">${r('a')}</w:hyperlink><w:hyperlink r:id="l3">${r('b')}</w:hyperlink>`),
      'ab',
    ],
    ['a list by its style', styled('Numbers', 'a') + styled('Numbers', 'b'), '1. a\n2. b'],
    [
      'a list goes on after a text',
      item(2, 0, 'a') + p(r('text')) + item(2, 0, 'b') + item(3, 0, 'c'),
      '1. a\n\ntext\n\n2. b\n\n7. c',
    ],
    ['a level without one above it, and one without a mark', item(1, 1, 'a') + item(4, 0, 'b'), '- a\n\nb'],
    [
      'columns stay in line',
      table(
        cell(p(r('a')), '<w:gridSpan w:val="2"/>') + cell(p(r('b')), '<w:vMerge w:val="restart"/>'),
        cell(p(r('c'))) + cell(p(r('d'))) + cell(p(''), '<w:vMerge/>'),
      ),
      '| a |  | b |\n| --- | --- | --- |\n| c | d |  |',
    ],
    [
      'what a simple field came to',
      p(`${r('Figure ')}<w:fldSimple w:instr=" SEQ Figure ">${r('1')}</w:fldSimple>`),
      'Figure 1',
    ],
    [
      'a bookmark does not end a mark',
      p(r('a', '<w:b/>') + '<w:bookmarkStart w:name="m"/>' + r('b', '<w:b/>')),
      '**ab**',
    ],
    [
      'an alternative without a fallback',
      p(textBox('boxed').replace(/<mc:Fallback>.*<\/mc:Fallback>/, '')),
      'boxed',
    ],
  ])('%s', (_, body, expected) => {
    expect(markdownOf(docx(body))).toBe(expected);
  });

  it('what is no document is refused', () => {
    const other = zipSync({ 'word/document.xml': strToU8('<html><p>a</p></html>') });
    expect(() => docxToHtml(other)).toThrow('it is no document of Word');
  });
});
