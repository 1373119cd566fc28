import { ConversionFault } from './conversion.ts';
import { escapeHtml } from './html-pieces.ts';
import { CellBudget, SheetRows, type Sheet } from './sheets.ts';
import { readXml } from './xml-events.ts';
import { readEntries } from './zip-entries.ts';

/** OpenDocument 1.3: texts and spreadsheets have their content in one file. */
const CONTENT = 'content.xml';

function contentOf(bytes: Uint8Array): Uint8Array {
  const { [CONTENT]: content } = readEntries(bytes, (name) => name === CONTENT);
  if (content === undefined) throw new ConversionFault('it is no document of OpenDocument');
  return content;
}

/** A space, a tab and an end of line are elements. */
function spaceOf(name: string, attributes: Readonly<Record<string, string>>): string {
  if (name === 'text:tab') return '\t';
  if (name === 'text:line-break') return '\n';
  return name === 'text:s' ? ' '.repeat(Math.min(Number(attributes['text:c'] ?? 1) || 1, 100)) : '';
}

export function readOds(bytes: Uint8Array): Sheet[] {
  const sheets: { name: string; rows: SheetRows }[] = [];
  const budget = new CellBudget();
  let text = '';
  let numParagraphs = 0;
  let isText = false;
  let numCells = 1;
  let numRows = 1;
  let numNotes = 0;
  readXml(contentOf(bytes), {
    open: (name, attributes) => {
      if (name === 'office:annotation') numNotes++;
      if (name === 'table:table')
        sheets.push({ name: attributes['table:name'] ?? '', rows: new SheetRows(budget) });
      if (name === 'table:table-row') numRows = countOf(attributes['table:number-rows-repeated']);
      if (isCell(name)) {
        text = '';
        numParagraphs = 0;
        numCells = countOf(attributes['table:number-columns-repeated']);
      }
      if (name === 'text:p' && numNotes === 0) {
        if (numParagraphs++ > 0) text += '\n';
        isText = true;
      }
      if (isText) text += spaceOf(name, attributes);
    },
    text: (piece) => {
      if (isText) text += piece;
    },
    close: (name) => {
      if (name === 'office:annotation') numNotes--;
      if (name === 'text:p') isText = false;
      const rows = sheets.at(-1)?.rows;
      if (isCell(name)) rows?.add(text, numCells);
      if (name === 'table:table-row') rows?.endRow(numRows);
    },
  });
  return sheets.map(({ name, rows }) => ({ name, rows: rows.rows }));
}

const isCell = (name: string): boolean => name === 'table:table-cell' || name === 'table:covered-table-cell';

const countOf = (stated: string | undefined): number => Math.max(Number(stated ?? 1) || 1, 1);

/** What elements of a text are in HTML; a heading has its level in its own attribute. */
const TAGS: Readonly<Record<string, string>> = {
  'text:p': 'p',
  'text:list': 'ul',
  'text:list-item': 'li',
  'table:table': 'table',
  'table:table-row': 'tr',
  'table:table-cell': 'td',
};
/** What they hold is no part of the running text. */
const ASIDE = new Set(['office:annotation', 'text:tracked-changes', 'text:note-citation', 'office:forms']);
const MAX_HEADING = 6;

/** A text document as HTML. */
export function odtToHtml(bytes: Uint8Array): string {
  const html: string[] = [];
  const closing: string[] = [];
  let aside = 0;
  let isBody = false;
  readXml(contentOf(bytes), {
    open: (name, attributes) => {
      if (name === 'office:text') isBody = true;
      if (ASIDE.has(name)) aside++;
      const [opened, closed] = tagsOf(name, attributes);
      closing.push(closed);
      if (isBody && aside === 0) html.push(opened);
    },
    text: (piece) => {
      if (isBody && aside === 0) html.push(escapeHtml(piece));
    },
    close: (name) => {
      const closed = closing.pop() ?? '';
      if (isBody && aside === 0) html.push(closed);
      if (ASIDE.has(name)) aside--;
      if (name === 'office:text') isBody = false;
    },
  });
  return html.join('');
}

function tagsOf(
  name: string,
  attributes: Readonly<Record<string, string>>,
): [opened: string, closed: string] {
  if (name === 'text:line-break') return ['<br>', ''];
  if (name === 'text:a') return [`<a href="${escapeHtml(attributes['xlink:href'] ?? '')}">`, '</a>'];
  const level = Math.min(countOf(attributes['text:outline-level']), MAX_HEADING);
  const tag = name === 'text:h' ? `h${level}` : TAGS[name];
  return tag === undefined ? [spaceOf(name, attributes), ''] : [`<${tag}>`, `</${tag}>`];
}
