import type { DocxStyles, ParagraphFormat } from './docx-styles.ts';
import { wholeNumber } from './docx-styles.ts';
import type { ListItem } from './html-pieces.ts';
import { readXml } from './xml-events.ts';

interface Level {
  format: string;
  start: number;
}

/** Word has nine levels. */
const MAX_LEVEL = 8;

/** The lists of a document, and how far each is counted. */
export class DocxLists {
  /** Of a list (num), or of what lists are made by (abstract), and their level. */
  readonly #levels = new Map<string, Level>();
  /** A list that is made by another begins where it says. */
  readonly #starts = new Map<string, number>();
  readonly #abstractOf = new Map<string, string>();
  readonly #styleOfAbstract = new Map<string, string>();
  readonly #ofParagraphStyle = new Map<string, { abstract: string; level: number }>();
  readonly #counts = new Map<string, (number | undefined)[]>();
  readonly #styles: DocxStyles;

  constructor(bytes: Uint8Array | undefined, styles: DocxStyles) {
    this.#styles = styles;
    let owner = '';
    let id = '';
    let level = 0;
    readXml(bytes, {
      open: (name, attributes) => {
        const value = attributes['w:val'] ?? '';
        if (name === 'w:abstractNum' || name === 'w:num') {
          id = attributes[`${name}Id`] ?? '';
          owner = name;
        }
        if (name === 'w:lvl' || name === 'w:lvlOverride')
          level = wholeNumber(attributes['w:ilvl'] ?? '') ?? 0;
        const key = `${owner} ${id} ${level}`;
        if (name === 'w:lvl') this.#levels.set(key, { format: '', start: 1 });
        const definition = this.#levels.get(key);
        if (name === 'w:numFmt' && definition !== undefined) definition.format = value;
        if (name === 'w:start' && definition !== undefined) definition.start = wholeNumber(value) ?? 1;
        if (name === 'w:startOverride') this.#starts.set(key, wholeNumber(value) ?? 1);
        if (name === 'w:pStyle') this.#ofParagraphStyle.set(value, { abstract: id, level });
        if (name === 'w:abstractNumId') this.#abstractOf.set(id, value);
        if (name === 'w:numStyleLink') this.#styleOfAbstract.set(id, value);
      },
    });
  }

  /** The next item of a list, by what its paragraph or its style says; undefined for what is no item. */
  next(styleId: string | undefined, own: ParagraphFormat): ListItem | undefined {
    const ofStyle = this.#styles.listOf(styleId);
    const linked = this.#ofParagraphStyle.get(styleId ?? '');
    const numId = own.numId ?? ofStyle.numId;
    const level = Math.min(own.level ?? linked?.level ?? ofStyle.level ?? 0, MAX_LEVEL);
    const abstract = numId === undefined ? linked?.abstract : this.#abstractBehind(numId);
    const ofList = `w:num ${numId} ${level}`;
    const definition = this.#levels.get(ofList) ?? this.#levels.get(`w:abstractNum ${abstract} ${level}`);
    if (definition === undefined || definition.format === 'none') return undefined;
    const number = this.#count(
      numId ?? `of ${abstract}`,
      level,
      this.#starts.get(ofList) ?? definition.start,
    );
    return { level, isOrdered: definition.format !== 'bullet', number };
  }

  #abstractBehind(numId: string): string | undefined {
    const abstract = this.#abstractOf.get(numId);
    const style = this.#styleOfAbstract.get(abstract ?? '');
    return style === undefined ? abstract : this.#abstractOf.get(this.#styles.listOf(style).numId ?? '');
  }

  /** An item ends the counts of the levels below it. */
  #count(list: string, level: number, start: number): number {
    const counts = (this.#counts.get(list) ?? []).slice(0, level + 1);
    const number = (counts[level] ?? start - 1) + 1;
    counts[level] = number;
    this.#counts.set(list, counts);
    return number;
  }
}
