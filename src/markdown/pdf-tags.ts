import { toTable } from './tables.ts';

/** What PDF.js has of the text of a page: pieces of text, and where marked content begins and ends. */
export interface TextItem {
  readonly str?: string;
  readonly hasEOL?: boolean;
  readonly type?: string;
  readonly id?: string | null;
}

/** A node of a tagged PDF (ISO 32000-2, 14.7), as PDF.js has it; a leaf names marked content. */
export interface StructNode {
  readonly role?: string;
  readonly type?: string;
  readonly id?: string;
  readonly alt?: string;
  readonly children?: readonly StructNode[];
}

const MAX_LEVELS = 100;

/** A page by its tags; empty where they hold no text. */
export function readTaggedPage(tree: StructNode, items: readonly TextItem[]): string {
  const texts = textsById(items);
  return blocksOf(tree, texts, 0)
    .filter((block) => block !== '')
    .join('\n\n');
}

function textsById(items: readonly TextItem[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const open: (string | null)[] = [];
  for (const { str, hasEOL, type, id } of items) {
    if (type === 'beginMarkedContent' || type === 'beginMarkedContentProps') open.push(id ?? null);
    else if (type === 'endMarkedContent') open.pop();
    else {
      const key = open.findLast((one) => one !== null);
      if (key !== undefined) {
        texts.set(key, `${texts.get(key) ?? ''}${str ?? ''}${hasEOL === true ? ' ' : ''}`);
      }
    }
  }
  return texts;
}

type Texts = ReadonlyMap<string, string>;

/** All text below a node, in one line. */
function textOf(node: StructNode, texts: Texts, level: number): string {
  if (level > MAX_LEVELS) return '';
  if (node.type === 'content') return texts.get(node.id ?? '') ?? '';
  const inner = (node.children ?? []).map((child) => textOf(child, texts, level + 1)).join(' ');
  return (inner.trim() === '' ? (node.alt ?? '') : inner).replaceAll(/\s+/g, ' ').trim();
}

const HEADING = /^H([1-6])$/;

function blocksOf(node: StructNode, texts: Texts, level: number): string[] {
  if (level > MAX_LEVELS) return [];
  const { role = '', children = [] } = node;
  const [, depth] = HEADING.exec(role) ?? [];
  const text = (): string => textOf(node, texts, level);
  if (depth !== undefined || role === 'H' || role === 'Title') {
    return marked(`${'#'.repeat(Number(depth ?? 1))} `, text());
  }
  if (role === 'L') return [listOf(node, texts, level).join('\n')];
  if (role === 'Table') return [toTable(rowsOf(node, texts, level))];
  if (role === 'Code') return marked('', text() === '' ? '' : `\`\`\`\n${text()}\n\`\`\``);
  if (role === 'BlockQuote') return marked('> ', text());
  const holdsText = children.some(({ type }) => type === 'content');
  if (holdsText || role === 'P' || role === 'Figure') return marked('', text());
  return children.flatMap((child) => blocksOf(child, texts, level + 1));
}

const marked = (mark: string, text: string): string[] => (text === '' ? [] : [`${mark}${text}`]);

/** A list with its inner lists. What an item is marked with is told by our own mark. */
function listOf(list: StructNode, texts: Texts, level: number): string[] {
  if (level > MAX_LEVELS) return [];
  return (list.children ?? []).flatMap((item) => {
    if (item.role === 'L') return listOf(item, texts, level + 1).map((line) => `  ${line}`);
    const parts = (item.children ?? []).filter(({ role }) => role !== 'Lbl');
    const bodies = parts.flatMap((part) => (part.role === 'LBody' ? (part.children ?? []) : [part]));
    const own = bodies.filter(({ role }) => role !== 'L');
    const inner = bodies.filter(({ role }) => role === 'L');
    return [
      ...marked(
        '- ',
        own
          .map((part) => textOf(part, texts, level + 1))
          .join(' ')
          .trim(),
      ),
      ...inner.flatMap((one) => listOf(one, texts, level + 1).map((line) => `  ${line}`)),
    ];
  });
}

function rowsOf(node: StructNode, texts: Texts, level: number): string[][] {
  if (level > MAX_LEVELS) return [];
  return (node.children ?? []).flatMap((child) =>
    child.role === 'TR'
      ? [(child.children ?? []).map((cell) => textOf(cell, texts, level + 1))]
      : rowsOf(child, texts, level + 1),
  );
}
