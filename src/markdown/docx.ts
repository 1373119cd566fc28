import { ConversionFault } from './conversion.ts';
import { DocxLists } from './docx-lists.ts';
import { DocxReader, type DocxContext } from './docx-reader.ts';
import { DocxStyles } from './docx-styles.ts';
import { blocksToHtml, escapeHtml, type Block } from './html-pieces.ts';
import { entryOf, readRelations } from './office-relations.ts';
import { readEntries } from './zip-entries.ts';

/** Where a document is whose archive does not say it. */
const DOCUMENT = 'word/document.xml';
const NOTE_KINDS = ['footnote', 'endnote'] as const;

type Entries = Readonly<Record<string, Uint8Array>>;

interface Note {
  readonly kind: string;
  readonly id: string;
}

/** A document of Word as HTML, without its images; notes are a list at its end. */
export function docxToHtml(bytes: Uint8Array): string {
  const entries = readEntries(bytes, (name) => /\.(xml|rels)$/.test(name));
  const main = readRelations(entries['_rels/.rels']).find(({ type }) => type === 'officeDocument');
  const path = main === undefined ? DOCUMENT : entryOf('', main.target);
  const content = entries[path];
  if (content === undefined) throw new ConversionFault('it is no document of Word');

  const parts = new Map(relationsOf(entries, path).map(({ type, target }) => [type, target]));
  const partOf = (type: string): string => entryOf(folderOf(path), parts.get(type) ?? `${type}.xml`);
  const styles = new DocxStyles(entries[partOf('styles')]);
  const lists = new DocxLists(entries[partOf('numbering')], styles);
  const notes: Note[] = [];
  const noteMark = (kind: string, id: string): string => {
    const number = notes.push({ kind, id });
    return `<a href="#${anchorOf(kind, id)}">[${number}]</a>`;
  };
  let body: Block[] | undefined;
  const reader = new DocxReader(
    { styles, lists, noteMark, targets: targetsOf(entries, path) },
    (_, blocks) => {
      body = blocks;
    },
  );
  reader.read(content);
  if (body === undefined) throw new ConversionFault('it is no document of Word');
  const texts = new Map(
    NOTE_KINDS.filter((kind) => notes.some((note) => note.kind === kind)).flatMap((kind) =>
      readNotes(kind, partOf(`${kind}s`), entries, { styles, lists }),
    ),
  );
  return blocksToHtml(body) + notesToHtml(notes, texts);
}

function readNotes(
  kind: string,
  path: string,
  entries: Entries,
  context: Pick<DocxContext, 'styles' | 'lists'>,
): [anchor: string, blocks: Block[]][] {
  const notes: [string, Block[]][] = [];
  const content = entries[path];
  // A note has no notes of its own.
  const reader = new DocxReader(
    { ...context, noteMark: () => '', targets: targetsOf(entries, path) },
    (id, blocks) => notes.push([anchorOf(kind, id), blocks]),
  );
  if (content !== undefined) reader.read(content);
  return notes;
}

function notesToHtml(notes: readonly Note[], texts: ReadonlyMap<string, readonly Block[]>): string {
  if (notes.length === 0) return '';
  const items = notes.map(({ kind, id }) => {
    const blocks = texts.get(anchorOf(kind, id)) ?? [];
    const back = ` <a href="#${anchorOf(`${kind}-ref`, id)}">↑</a>`;
    const last = blocks.at(-1);
    const isParagraph = last?.tag === 'p' && last.item === undefined;
    const ended: Block[] = isParagraph
      ? [...blocks.slice(0, -1), { ...last, html: last.html + back }]
      : [...blocks, { tag: 'p', html: back }];
    return `<li>${blocksToHtml(ended)}</li>`;
  });
  return `<ol>${items.join('')}</ol>`;
}

const anchorOf = (kind: string, id: string): string => escapeHtml(`${kind}-${id}`);

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

const relationsOf = (entries: Entries, path: string): ReturnType<typeof readRelations> =>
  readRelations(entries[`${folderOf(path)}_rels/${path.slice(folderOf(path).length)}.rels`]);

const targetsOf = (entries: Entries, path: string): Map<string, string> =>
  new Map(relationsOf(entries, path).map(({ id, target }) => [id, target]));
