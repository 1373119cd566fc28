import { readXml } from './xml-events.ts';

/** ECMA-376, WordprocessingML: what the styles of a document say of paragraphs and runs. */

/** Of a run: what is undefined is as its style has it. */
export interface RunFormat {
  bold?: boolean;
  italic?: boolean;
  strike?: boolean;
}

/** Of a paragraph. */
export interface ParagraphFormat {
  /** From 0 on; 9 is no heading. */
  outline?: number;
  numId?: string;
  /** Of its list. */
  level?: number;
}

interface Style extends RunFormat, ParagraphFormat {
  name: string;
  basedOn?: string | undefined;
}

type Attributes = Readonly<Record<string, string>>;

const MAX_HEADING = 6;
const BODY_OUTLINE = 9;
/** Styles that are based on one another, at most. */
const MAX_BASES = 20;

const isOn = (value: string | undefined): boolean => !/^(0|false|off)$/.test(value ?? '');

/** Takes a property of a run; others are left alone. */
export function takeRunProperty(format: RunFormat, name: string, { 'w:val': value }: Attributes): void {
  if (name === 'w:b') format.bold = isOn(value);
  if (name === 'w:i') format.italic = isOn(value);
  if (name === 'w:strike') format.strike = isOn(value);
}

/** Takes a property of a paragraph; others are left alone. */
export function takeParagraphProperty(
  format: ParagraphFormat,
  name: string,
  { 'w:val': value = '' }: Attributes,
): void {
  if (name === 'w:outlineLvl') format.outline = wholeNumber(value) ?? BODY_OUTLINE;
  if (name === 'w:numId') format.numId = value;
  if (name === 'w:ilvl') format.level = wholeNumber(value) ?? 0;
}

export function wholeNumber(value: string): number | undefined {
  return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

/** The level of a heading by its outline; undefined for text. */
const headingBy = (outline: number): number | undefined =>
  outline < BODY_OUTLINE ? Math.min(outline + 1, MAX_HEADING) : undefined;

/** Names of built-in styles are English in each language of Word. A document without styles has their ids alone. */
function outlineByName(name: string): number | undefined {
  const [, number] = /^heading ?([1-9])$/i.exec(name) ?? [];
  return number === undefined ? undefined : Number(number) - 1;
}

export class DocxStyles {
  readonly #styles = new Map<string, Style>();

  constructor(bytes: Uint8Array | undefined) {
    let style: Style = { name: '' };
    let numChanges = 0;
    readXml(bytes, {
      open: (name, attributes) => {
        const value = attributes['w:val'] ?? '';
        // What a style was before a tracked change.
        if (name.endsWith('Change')) numChanges++;
        if (numChanges > 0) return;
        if (name === 'w:style') {
          const id = attributes['w:styleId'] ?? '';
          style = { name: id };
          this.#styles.set(id, style);
        }
        if (name === 'w:name') style.name = value;
        if (name === 'w:basedOn') style.basedOn = value;
        takeRunProperty(style, name, attributes);
        takeParagraphProperty(style, name, attributes);
      },
      close: (name) => {
        if (name.endsWith('Change')) numChanges--;
        // What stands between styles is of none.
        if (name === 'w:style') style = { name: '' };
      },
    });
  }

  /** The level of the heading that a paragraph is, from 1 on. */
  headingOf(styleId: string | undefined, own: ParagraphFormat): number | undefined {
    if (own.outline !== undefined && own.outline < BODY_OUTLINE) return headingBy(own.outline);
    if (styleId === undefined) return undefined;
    const name = this.#styles.get(styleId)?.name ?? styleId;
    if (/^(title|heading)$/i.test(name)) return 1;
    const outline = outlineByName(name) ?? this.#inherited(styleId, outlineOf);
    return outline === undefined ? undefined : headingBy(outline);
  }

  /** The list that a style of paragraphs is of. */
  listOf(styleId: string | undefined): ParagraphFormat {
    return this.#inherited(styleId, (style) => (style.numId === undefined ? undefined : style)) ?? {};
  }

  /** The elements that a run stands in, from the outermost on. */
  marksOf(styleId: string | undefined, own: RunFormat): string[] {
    const is = (key: keyof RunFormat): boolean =>
      own[key] ?? this.#inherited(styleId, (style) => style[key]) ?? false;
    return [
      ...(is('bold') ? ['strong'] : []),
      ...(is('italic') ? ['em'] : []),
      ...(is('strike') ? ['s'] : []),
    ];
  }

  /** What a style says, or the first one that it is based on. */
  #inherited<T>(styleId: string | undefined, read: (style: Style) => T | undefined): T | undefined {
    let id = styleId;
    for (let count = 0; id !== undefined && count < MAX_BASES; count++) {
      const style = this.#styles.get(id);
      const found = style === undefined ? undefined : read(style);
      if (found !== undefined) return found;
      id = style?.basedOn;
    }
    return undefined;
  }
}

const outlineOf = ({ outline, name }: Style): number | undefined => outline ?? outlineByName(name);
