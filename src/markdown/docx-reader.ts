import { ConversionFault } from './conversion.ts';
import type { DocxLists } from './docx-lists.ts';
import {
  takeParagraphProperty,
  takeRunProperty,
  wholeNumber,
  type DocxStyles,
  type ParagraphFormat,
  type RunFormat,
} from './docx-styles.ts';
import { blocksToHtml, escapeHtml, InlineHtml, type Block } from './html-pieces.ts';
import { readXml } from './xml-events.ts';

/** ECMA-376, WordprocessingML: a part of a document, as blocks of HTML. */

export interface DocxContext {
  readonly styles: DocxStyles;
  readonly lists: DocxLists;
  /** Addresses of links by their relation. */
  readonly targets: ReadonlyMap<string, string>;
  /** What stands in the text for a note; its kind is `footnote` or `endnote`. */
  noteMark(kind: string, id: string): string;
}

interface Container {
  /** Of a note. */
  readonly id: string;
  readonly blocks: Block[];
  /** The text of a paragraph whose end was deleted: it goes on in the next one. */
  carried?: InlineHtml | undefined;
}

interface Paragraph extends ParagraphFormat {
  readonly text: InlineHtml;
  styleId?: string | undefined;
  isEndDeleted: boolean;
  /** Text boxes stand behind the paragraph that they are fixed to. */
  readonly after: Block[];
}

interface Run extends RunFormat {
  styleId?: string | undefined;
  marks: readonly string[];
}

interface Table {
  readonly rows: string[];
  cells: string[];
  isRowDeleted: boolean;
  span: number;
  isMerged: boolean;
}

type Attributes = Readonly<Record<string, string>>;

/** What they hold is no part of the text, or is what it was before a change. `w:rt` is a phonetic reading. */
const ASIDE = /^w:(del|moveFrom|[a-zA-Z]+Change|sdtPr|sectPr|rt)$/;
/** Of one meaning: the first that has a text is taken. */
const ALTERNATIVE = /^mc:(Choice|Fallback)$/;
/** Elements that hold blocks. */
const CONTAINER = /^w:(body|tc|txbxContent|footnote|endnote)$/;
const BLOCK = /^w:(p|tbl|tr)$/;
/** Of containers in one another: each is up to four elements of HTML, whose converter has its own limit. */
const MAX_CONTAINERS = 100;
/** Of columns in Word. */
const MAX_SPAN = 63;
const MAX_FIELD_CODE = 4096;
const LINK = /^(https?:|mailto:)/i;

/** Texts that are elements. */
const CHARACTERS: Readonly<Record<string, string>> = {
  'w:noBreakHyphen': '\u2011',
  'w:softHyphen': '\u00ad',
  'w:tab': '\t',
};

/** Reads one part. `onEnd` has the blocks of its body, or of each of its notes. */
export class DocxReader {
  readonly #context: DocxContext;
  readonly #onEnd: (id: string, blocks: Block[]) => void;
  readonly #path: { readonly name: string; readonly isAside: boolean }[] = [];
  #numAside = 0;
  readonly #containers: Container[] = [];
  readonly #tables: Table[] = [];
  readonly #paragraphs: Paragraph[] = [];
  readonly #runs: Run[] = [];
  readonly #links: (string | undefined)[] = [];
  readonly #fields: { code: string; link?: string | undefined }[] = [];
  #numTexts = 0;
  /** How many texts there were when each choice of alternatives began. */
  readonly #numTextsBefore: number[] = [];

  constructor(context: DocxContext, onEnd: (id: string, blocks: Block[]) => void) {
    this.#context = context;
    this.#onEnd = onEnd;
  }

  read(bytes: Uint8Array): void {
    readXml(bytes, {
      open: (name, attributes) => this.#open(name, attributes),
      text: (piece) => this.#text(piece),
      close: (name) => this.#close(name),
    });
  }

  #open(name: string, attributes: Attributes): void {
    const parent = this.#path.at(-1)?.name ?? '';
    if (name === 'w:del' && this.#numAside === 0) this.#markDeleted(parent);
    if (name === 'mc:AlternateContent') this.#numTextsBefore.push(this.#numTexts);
    const isTaken = ALTERNATIVE.test(name) && this.#numTexts !== (this.#numTextsBefore.at(-1) ?? 0);
    const isAside = isTaken || ASIDE.test(name);
    this.#path.push({ name, isAside });
    if (isAside) this.#numAside++;
    if (this.#numAside > 0) return;
    if (parent === 'w:rPr' || parent === 'w:pPr' || parent === 'w:numPr' || parent === 'w:tcPr')
      this.#takeProperty(parent, name, attributes);
    else if (CONTAINER.test(name)) this.#openContainer(attributes['w:id'] ?? '');
    else if (BLOCK.test(name)) this.#openBlock(name);
    else if (parent !== 'w:tabs') this.#openInline(name, attributes);
  }

  #close(name: string): void {
    const isAside = this.#path.pop()?.isAside === true;
    const wasAside = this.#numAside > 0;
    if (isAside) this.#numAside--;
    if (name === 'mc:AlternateContent') this.#numTextsBefore.pop();
    if (wasAside) return;
    if (CONTAINER.test(name)) this.#closeContainer(name);
    if (name === 'w:p') this.#closeParagraph();
    if (name === 'w:tr') this.#closeRow();
    if (name === 'w:tbl') this.#closeTable();
    if (name === 'w:r') this.#runs.pop();
    if (name === 'w:hyperlink') this.#links.pop();
    const run = this.#runs.at(-1);
    if (name === 'w:rPr' && run !== undefined && this.#path.at(-1)?.name === 'w:r')
      run.marks = this.#context.styles.marksOf(run.styleId, run);
  }

  #text(piece: string): void {
    if (this.#numAside > 0) return;
    const name = this.#path.at(-1)?.name;
    if (name === 'w:t') this.#add(escapeHtml(piece));
    const field = this.#fields.at(-1);
    if (name === 'w:instrText' && field !== undefined && field.code.length < MAX_FIELD_CODE)
      field.code += piece;
  }

  #add(html: string, isBlank?: boolean): void {
    this.#numTexts++;
    const link = this.#links.at(-1) ?? this.#fields.findLast((field) => field.link !== undefined)?.link;
    const marks = this.#runs.at(-1)?.marks ?? [];
    const all = link === undefined ? marks : [`a href="${escapeHtml(link)}"`, ...marks];
    this.#paragraphs.at(-1)?.text.add(html, all, isBlank);
  }

  /** The end of a paragraph, or a row. */
  #markDeleted(parent: string): void {
    const paragraph = this.#paragraphs.at(-1);
    const table = this.#tables.at(-1);
    const isOfParagraph = parent === 'w:rPr' && this.#path.at(-2)?.name === 'w:pPr';
    if (isOfParagraph && paragraph !== undefined) paragraph.isEndDeleted = true;
    if (parent === 'w:trPr' && table !== undefined) table.isRowDeleted = true;
  }

  #takeProperty(parent: string, name: string, attributes: Attributes): void {
    const value = attributes['w:val'];
    const [paragraph, run, table] = [this.#paragraphs.at(-1), this.#runs.at(-1), this.#tables.at(-1)];
    const isOfRun = parent === 'w:rPr' && this.#path.at(-3)?.name === 'w:r';
    if (isOfRun && run !== undefined) {
      if (name === 'w:rStyle') run.styleId = value;
      takeRunProperty(run, name, attributes);
    }
    if ((parent === 'w:pPr' || parent === 'w:numPr') && paragraph !== undefined) {
      if (name === 'w:pStyle') paragraph.styleId = value;
      takeParagraphProperty(paragraph, name, attributes);
    }
    if (parent === 'w:tcPr' && table !== undefined) {
      if (name === 'w:gridSpan') table.span = Math.min(wholeNumber(value ?? '') ?? 1, MAX_SPAN);
      if (name === 'w:vMerge') table.isMerged = value !== 'restart';
    }
  }

  #openContainer(id: string): void {
    if (this.#containers.length >= MAX_CONTAINERS)
      throw new ConversionFault(`it nests more than ${MAX_CONTAINERS} tables and text boxes`);
    this.#containers.push({ id, blocks: [] });
    const table = this.#tables.at(-1);
    if (table !== undefined) Object.assign(table, { span: 1, isMerged: false });
  }

  #closeContainer(name: string): void {
    const { id, blocks, carried } = this.#containers.pop() ?? { id: '', blocks: [] };
    if (carried !== undefined) blocks.push({ tag: 'p', html: carried.end() });
    if (name === 'w:tc') this.#closeCell(blocks);
    else if (name !== 'w:txbxContent') this.#onEnd(id, blocks);
    else for (const block of blocks) (this.#paragraphs.at(-1)?.after ?? this.#blocks()).push(block);
  }

  /** Columns stay in line: what a cell spans, and what is merged with the cell above, are empty cells. */
  #closeCell(blocks: readonly Block[]): void {
    const table = this.#tables.at(-1);
    if (table === undefined) return;
    table.cells.push(`<td>${table.isMerged ? '' : blocksToHtml(blocks)}</td>`);
    for (let column = 1; column < table.span; column++) table.cells.push('<td></td>');
  }

  #openBlock(name: string): void {
    const table = this.#tables.at(-1);
    const container = this.#containers.at(-1);
    if (name === 'w:tbl')
      this.#tables.push({ rows: [], cells: [], isRowDeleted: false, span: 1, isMerged: false });
    else if (name === 'w:p') {
      const text = container?.carried ?? new InlineHtml();
      if (container !== undefined) container.carried = undefined;
      this.#paragraphs.push({ text, isEndDeleted: false, after: [] });
    } else if (table !== undefined) Object.assign(table, { cells: [], isRowDeleted: false });
  }

  #closeRow(): void {
    const table = this.#tables.at(-1);
    if (table?.isRowDeleted === false) table.rows.push(`<tr>${table.cells.join('')}</tr>`);
  }

  #closeTable(): void {
    const rows = this.#tables.pop()?.rows ?? [];
    if (rows.length > 0) this.#blocks().push({ html: `<table>${rows.join('')}</table>` });
  }

  #closeParagraph(): void {
    const paragraph = this.#paragraphs.pop();
    if (paragraph === undefined) return;
    const container = this.#containers.at(-1);
    if (paragraph.isEndDeleted && container !== undefined) container.carried = paragraph.text;
    else {
      const html = paragraph.text.end();
      if (html !== '') this.#blocks().push(this.#blockOf(paragraph, html));
    }
    for (const block of paragraph.after) this.#blocks().push(block);
  }

  #blockOf(paragraph: Paragraph, html: string): Block {
    const { styles, lists } = this.#context;
    const heading = styles.headingOf(paragraph.styleId, paragraph);
    if (heading !== undefined) return { tag: `h${heading}`, html };
    return { tag: 'p', html, item: lists.next(paragraph.styleId, paragraph) };
  }

  #blocks(): Block[] {
    return this.#containers.at(-1)?.blocks ?? [];
  }

  #openInline(name: string, attributes: Attributes): void {
    const character = CHARACTERS[name];
    if (character !== undefined) this.#add(character);
    if (name === 'w:r') this.#runs.push({ marks: [] });
    if (name === 'w:br' && /^(textWrapping)?$/.test(attributes['w:type'] ?? '')) this.#add('<br>', true);
    if (name === 'w:sym') this.#add(symbolOf(attributes['w:char'] ?? ''));
    if (name === 'w:hyperlink') this.#links.push(this.#linkOf(attributes));
    if (name === 'w:fldChar') this.#turnField(attributes['w:fldCharType']);
    const [, kind] = /^w:(footnote|endnote)Reference$/.exec(name) ?? [];
    if (kind !== undefined) this.#add(this.#context.noteMark(kind, attributes['w:id'] ?? ''));
  }

  #linkOf({ 'r:id': id = '', 'w:anchor': anchor }: Attributes): string | undefined {
    const target = this.#context.targets.get(id) ?? '';
    if (!LINK.test(target)) return undefined;
    return anchor === undefined ? target : `${target.replace(/#.*$/s, '')}#${anchor}`;
  }

  /** A field has its code, then what it came to. */
  #turnField(type: string | undefined): void {
    if (type === 'begin') this.#fields.push({ code: '' });
    if (type === 'end') this.#fields.pop();
    const field = this.#fields.at(-1);
    if (type !== 'separate' || field === undefined) return;
    const [, quoted, bare] = /^\s*HYPERLINK\s+(?:"([^"]*)"|([^\\"]\S*))/.exec(field.code) ?? [];
    const address = quoted ?? bare ?? '';
    if (LINK.test(address)) field.link = address;
  }
}

/** A character of a font of symbols has no meaning without its font. */
function symbolOf(hex: string): string {
  const code = /^[\da-f]{4}$/i.test(hex) ? Number.parseInt(hex, 16) : 0;
  const isOfFont = code < 0x100 || (code >= 0xd800 && code <= 0xf8ff);
  return isOfFont ? '' : escapeHtml(String.fromCodePoint(code));
}
