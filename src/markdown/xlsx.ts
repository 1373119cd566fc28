import { ConversionFault } from './conversion.ts';
import { entryOf, readRelations } from './office-relations.ts';
import { CellBudget, SheetRows, type Sheet } from './sheets.ts';
import { readXml } from './xml-events.ts';
import { readEntries } from './zip-entries.ts';

/** ECMA-376, SpreadsheetML: where its parts are, and what their elements mean. */
const WORKBOOK = 'xl/workbook.xml';
const RELATIONS = 'xl/_rels/workbook.xml.rels';
const STRINGS = 'xl/sharedStrings.xml';
const STYLES = 'xl/styles.xml';
const MAX_COLUMNS = 16_384;

/** Built-in formats of numbers that are dates or times (18.8.30). */
const isBuiltinDate = (id: number): boolean => (id >= 14 && id <= 22) || (id >= 45 && id <= 47);
/** A format of one's own: quoted text, colours and escapes apart, it has a letter of a date. */
const isDateCode = (code: string): boolean =>
  /[ymdhs]/i.test(code.replaceAll(/"[^"]*"|\[(?!h|m|s)[^[\]]*\]|\\./gi, ''));

/** The sheets of a workbook, in their order. */
export function readXlsx(bytes: Uint8Array): Sheet[] {
  const entries = readEntries(
    bytes,
    (name) => [WORKBOOK, RELATIONS, STRINGS, STYLES].includes(name) || name.startsWith('xl/worksheets/'),
  );
  if (entries[WORKBOOK] === undefined) throw new ConversionFault('it is no workbook of Excel');
  const strings = readStrings(entries[STRINGS]);
  const dateStyles = readDateStyles(entries[STYLES]);
  const targets = new Map(readRelations(entries[RELATIONS]).map(({ id, target }) => [id, target]));
  const budget = new CellBudget();
  const { sheets, epochMs } = readWorkbook(entries[WORKBOOK]);
  return sheets.map(({ name, relation }) => {
    const path = entryOf('xl/', targets.get(relation) ?? '');
    const toText = (value: string, type: string, style: number): string => {
      if (type === 's') return strings[Number(value)] ?? '';
      if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE';
      const isNumber = type === 'n' && value !== '' && Number.isFinite(Number(value));
      return isNumber && dateStyles.has(style) ? toDate(Number(value), epochMs) : value;
    };
    return { name, rows: readRows(entries[path], toText, budget) };
  });
}

function readWorkbook(bytes: Uint8Array | undefined): {
  sheets: { name: string; relation: string }[];
  epochMs: number;
} {
  const sheets: { name: string; relation: string }[] = [];
  let epochMs = Date.UTC(1899, 11, 30);
  readXml(bytes, {
    open: (name, attributes) => {
      if (name === 'workbookPr' && /^(1|true)$/.test(attributes['date1904'] ?? ''))
        epochMs = Date.UTC(1904, 0, 1);
      if (name === 'sheet')
        sheets.push({ name: attributes['name'] ?? '', relation: attributes['r:id'] ?? '' });
    },
  });
  return { sheets, epochMs };
}

/** Texts that cells share. Their phonetic readings are left out. */
function readStrings(bytes: Uint8Array | undefined): string[] {
  const strings: string[] = [];
  let text = '';
  let isText = false;
  let isPhonetic = false;
  readXml(bytes, {
    open: (name) => {
      if (name === 'si') text = '';
      if (name === 'rPh') isPhonetic = true;
      if (name === 't') isText = !isPhonetic;
    },
    text: (piece) => {
      if (isText) text += piece;
    },
    close: (name) => {
      if (name === 'si') strings.push(text);
      if (name === 'rPh') isPhonetic = false;
      if (name === 't') isText = false;
    },
  });
  return strings;
}

/** The numbers of cell styles that show a number as a date. */
function readDateStyles(bytes: Uint8Array | undefined): Set<number> {
  const ownDates = new Set<number>();
  const styles = new Set<number>();
  let isCellStyle = false;
  let numStyles = 0;
  readXml(bytes, {
    open: (name, attributes) => {
      const id = Number(attributes['numFmtId']);
      if (name === 'numFmt' && isDateCode(attributes['formatCode'] ?? '')) ownDates.add(id);
      if (name === 'cellXfs') isCellStyle = true;
      if (name !== 'xf' || !isCellStyle) return;
      if (isBuiltinDate(id) || ownDates.has(id)) styles.add(numStyles);
      numStyles++;
    },
    close: (name) => {
      if (name === 'cellXfs') isCellStyle = false;
    },
  });
  return styles;
}

type ToText = (value: string, type: string, style: number) => string;

function readRows(bytes: Uint8Array | undefined, toText: ToText, budget: CellBudget): string[][] {
  const rows = new SheetRows(budget);
  let type = 'n';
  let style = 0;
  let value = '';
  let isValue = false;
  readXml(bytes, {
    open: (name, attributes) => {
      if (name === 'c') {
        type = attributes['t'] ?? 'n';
        style = Number(attributes['s'] ?? 0);
        value = '';
        if (attributes['r'] !== undefined) rows.moveTo(columnOf(attributes['r']));
      }
      isValue = name === 'v' || name === 't';
    },
    text: (piece) => {
      if (isValue) value += piece;
    },
    close: (name) => {
      isValue = false;
      if (name === 'c') rows.add(toText(value, type, style));
      if (name === 'row') rows.endRow();
    },
  });
  return rows.rows;
}

/** Of a reference such as `AB12`. */
function columnOf(reference: string): number {
  const [letters = 'A'] = /^[A-Z]{1,3}/.exec(reference) ?? [];
  let column = 0;
  for (let index = 0; index < letters.length; index++) column = column * 26 + letters.charCodeAt(index) - 64;
  return Math.min(column, MAX_COLUMNS) - 1;
}

const DAY_MS = 86_400_000;

/** A day since the epoch as ISO 8601, with the time where there is one. */
function toDate(days: number, epochMs: number): string {
  const date = new Date(epochMs + Math.round(days * DAY_MS));
  if (Number.isNaN(date.getTime())) return `${days}`;
  const [day = '', time = ''] = date.toISOString().split('T');
  if (days < 1) return time.slice(0, 8);
  return Number.isInteger(days) ? day : `${day} ${time.slice(0, 8)}`;
}
