/** Pieces of HTML that documents of other formats are made to. */

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The text of a paragraph. Neighbours of the same marks share their elements. */
export class InlineHtml {
  readonly #html: string[] = [];
  #open: readonly string[] = [];
  #isBlank = true;

  /** @param marks what the piece stands in, from the outermost on: names of elements with their attributes */
  add(html: string, marks: readonly string[], isBlank = html.trim() === ''): void {
    if (html === '') return;
    this.#isBlank &&= isBlank;
    const numKept = numShared(this.#open, marks);
    this.#close(numKept);
    for (const mark of marks.slice(numKept)) this.#html.push(`<${mark}>`);
    this.#open = marks;
    this.#html.push(html);
  }

  /** All of it; empty where there is nothing to read. */
  end(): string {
    if (this.#isBlank) return '';
    this.#close(0);
    this.#open = [];
    return this.#html.join('');
  }

  #close(numKept: number): void {
    for (const mark of this.#open.slice(numKept).reverse()) this.#html.push(`</${mark.split(' ', 1)[0]}>`);
  }
}

function numShared(some: readonly string[], others: readonly string[]): number {
  const different = some.findIndex((mark, index) => mark !== others[index]);
  return different === -1 ? some.length : different;
}

export interface ListItem {
  readonly level: number;
  readonly isOrdered: boolean;
  /** Within its list. */
  readonly number: number;
}

/** A paragraph or a table. */
export interface Block {
  readonly html: string;
  /** The element of a paragraph that is no item; a table has its own. */
  readonly tag?: string;
  readonly item?: ListItem | undefined;
}

/** Blocks in their order, items in lists within lists. */
export function blocksToHtml(blocks: readonly Block[]): string {
  const html: string[] = [];
  const open: ListItem[] = [];
  for (const { html: content, tag, item } of blocks) {
    for (let last = open.at(-1); last !== undefined && !isWithin(last, item); last = open.at(-1))
      endList(html, open);
    if (item === undefined) html.push(tag === undefined ? content : `<${tag}>${content}</${tag}>`);
    else beginItem(html, open, item, content);
  }
  while (open.length > 0) endList(html, open);
  return html.join('');
}

/** Whether an item stands in the list of another, or in a list within that item. */
function isWithin(last: ListItem, item: ListItem | undefined): boolean {
  if (item === undefined || item.level < last.level) return false;
  if (item.level > last.level) return true;
  return item.isOrdered === last.isOrdered && (!item.isOrdered || item.number === last.number + 1);
}

function beginItem(html: string[], open: ListItem[], item: ListItem, content: string): void {
  if (open.at(-1)?.level === item.level) {
    open.pop();
    html.push('</li>');
  } else {
    html.push(item.isOrdered ? `<ol start="${item.number}">` : '<ul>');
  }
  open.push(item);
  html.push(`<li>${content}`);
}

function endList(html: string[], open: ListItem[]): void {
  html.push(open.pop()?.isOrdered === true ? '</li></ol>' : '</li></ul>');
}
