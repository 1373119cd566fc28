import domino, { type DomDocument, type DomElement, type DomNode } from '@mixmark-io/domino';
import TurndownService from 'turndown';
import { ConversionFault } from './conversion.ts';
import { tableRow, tableRule, toCell } from './tables.ts';

/** Elements in one another; turndown goes down by recursion. */
const MAX_LEVELS = 400;
const ELEMENT = 1;
/** They hold no text of the document. */
const NO_TEXT = 'script, style, noscript, template, iframe, svg, img, picture';
/** Of a page without a selector: what Cloudflare leaves out as well. */
const AROUND_THE_TEXT = 'header, footer';

interface HtmlOptions {
  readonly hostname?: string | undefined;
  readonly cssSelector?: string | undefined;
}

/**
 * A page as Cloudflare converts it: its title and description in front, then its text without header and footer, or the
 * elements that a selector names, then its JSON-LD. Links are resolved against `hostname`, or the page's own base.
 *
 * @throws ConversionFault for a selector or a page that cannot be read
 */
export function pageToMarkdown(html: string, { hostname, cssSelector }: HtmlOptions): string {
  const document = parse(html);
  const meta = frontMatter(document);
  const linkedData = all(document, 'script[type="application/ld+json"]').map(
    ({ textContent }) => `\`\`\`json\n${textContent.trim()}\n\`\`\``,
  );
  resolveLinks(document, hostname);
  const parts = cssSelector === undefined ? [withoutFrame(document)] : matchesOf(document, cssSelector);
  return [meta, ...parts.map(toMarkdown), ...linkedData].filter((part) => part !== '').join('\n\n');
}

/** The body of a document that another format was made to. */
export const fragmentToMarkdown = (html: string): string => toMarkdown(parse(html).body);

function parse(html: string): DomDocument {
  const document = domino.createDocument(html, true);
  checkLevels(document);
  return document;
}

/** Goes through all nodes without recursion. */
function checkLevels(root: DomNode): void {
  let level = 0;
  let node: DomNode | null = root;
  while (node !== null) {
    if (level > MAX_LEVELS) throw new ConversionFault(`it nests more than ${MAX_LEVELS} elements`);
    if (node.firstChild !== null) {
      node = node.firstChild;
      level++;
      continue;
    }
    while (node !== null && node !== root && node.nextSibling === null) {
      node = node.parentNode;
      level--;
    }
    node = node === root || node === null ? null : node.nextSibling;
  }
}

const META: readonly (readonly [name: string, selectors: readonly string[]])[] = [
  ['title', ['meta[property="og:title"]', 'title']],
  ['description', ['meta[name="description"]', 'meta[property="og:description"]']],
  ['image', ['meta[property="og:image"]']],
];

function frontMatter(document: DomDocument): string {
  const lines = META.flatMap(([name, selectors]) => {
    const texts = selectors.map((selector) => {
      const found = document.querySelector(selector);
      return (found?.getAttribute('content') ?? found?.textContent ?? '').replaceAll(/\s+/g, ' ').trim();
    });
    const text = texts.find((one) => one !== '');
    return text === undefined ? [] : [`${name}: ${text}`];
  });
  return lines.length === 0 ? '' : ['---', ...lines, '---'].join('\n');
}

function resolveLinks(document: DomDocument, hostname: string | undefined): void {
  const stated = hostname ?? document.querySelector('base[href]')?.getAttribute('href') ?? '';
  const base = /^[a-z][a-z\d+.-]*:/i.test(stated) ? stated : `https://${stated}`;
  if (stated === '' || !URL.canParse(base)) return;
  for (const link of all(document, 'a[href]')) {
    const href = link.getAttribute('href') ?? '';
    if (URL.canParse(href, base)) link.setAttribute('href', new URL(href, base).href);
  }
}

function withoutFrame(document: DomDocument): DomElement {
  remove(document.body, AROUND_THE_TEXT);
  return document.body;
}

function matchesOf(document: DomDocument, selector: string): DomElement[] {
  let found: Set<DomElement>;
  try {
    found = new Set(all(document, selector));
  } catch {
    throw new ConversionFault('conversionOptions.html.cssSelector is no CSS selector');
  }
  return [...found].filter((element) => !isInside(element, found));
}

function isInside(element: DomElement, others: ReadonlySet<DomNode>): boolean {
  for (let node = element.parentNode; node !== null; node = node.parentNode)
    if (others.has(node)) return true;
  return false;
}

function remove(root: DomElement, selector: string): void {
  for (const element of all(root, selector)) element.parentNode?.removeChild(element);
}

/** A list of its own: what domino finds may be no iterable, or change with the document. */
const all = (root: DomElement, selector: string): DomElement[] => Array.from(root.querySelectorAll(selector));

function toMarkdown(root: DomElement): string {
  remove(root, NO_TEXT);
  return createTurndown().turndown(root).trim();
}

function createTurndown(): TurndownService {
  const service = new TurndownService({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
    hr: '---',
    emDelimiter: '_',
  });
  const tablesBegun = new Set<DomNode>();
  for (const [name, tags, mark] of MARKS) {
    service.addRule(name, {
      filter: tags,
      // Such a mark may stand around paragraphs where an author forgot to end it; Markdown has none of this kind.
      replacement: (content) =>
        content.trim() === '' || content.includes('\n\n') ? content : `${mark}${content}${mark}`,
    });
  }
  const numbers = new Map<DomNode, number>();
  service.addRule('item', {
    filter: 'li',
    replacement: (content, item) => listItem(content, markOf(item, numbers)),
  });
  service.addRule('cell', {
    filter: ['th', 'td'],
    replacement: (content) => `${toCellText(content)}${CELL_END}`,
  });
  service.addRule('row', {
    filter: 'tr',
    replacement: (content, row) => {
      const cells = content
        .split(CELL_END)
        .slice(0, -1)
        .map((cell) => cell.trim());
      if (cells.length === 0) return '';
      const table = tableOf(row);
      const isFirst = !tablesBegun.has(table);
      tablesBegun.add(table);
      return `\n${tableRow(cells)}${isFirst ? `\n${tableRule(cells.length)}` : ''}`;
    },
  });
  service.addRule('table', {
    filter: 'table',
    replacement: (content) => `\n\n${content.replaceAll(/\n\s*\n/g, '\n').trim()}\n\n`,
  });
  return service;
}

const MARKS: readonly (readonly [name: string, tags: readonly string[], mark: string])[] = [
  ['strong', ['strong', 'b'], '**'],
  ['emphasis', ['em', 'i'], '_'],
  ['strikethrough', ['del', 's', 'strike'], '~~'],
];

/** With one space behind its mark, and no empty line at its end. */
function listItem(content: string, mark: string): string {
  const lines = content.trim().replaceAll(/\n{2,}(?= *(- |\d+\. ))/g, '\n');
  const indented = lines.replaceAll(/\n(?=[^\n])/g, `\n${' '.repeat(mark.length)}`);
  return `${mark}${indented}\n`;
}

/** @param numbers of the last item of each list; items come in their order */
function markOf(item: DomNode, numbers: Map<DomNode, number>): string {
  const list = item.parentNode as DomElement | null;
  if (list?.nodeName !== 'OL') return '- ';
  const start = Number(list.getAttribute('start') ?? 1);
  const number = (numbers.get(list) ?? (Number.isSafeInteger(start) ? start : 1) - 1) + 1;
  numbers.set(list, number);
  return `${number}. `;
}

/** Between cells while their row is put together: no text has it once it was read as HTML. */
const CELL_END = '\0';

/** What turndown made of a cell, in one line; the text in it is escaped but for what ends a cell. */
const toCellText = (content: string): string => toCell(content.trim().replaceAll(CELL_END, ' '));

function tableOf(row: DomNode): DomNode {
  let node = row.parentNode;
  while (node !== null && node.nodeName !== 'TABLE' && node.nodeType === ELEMENT) node = node.parentNode;
  return node ?? row;
}
