import { clip } from '../values.ts';
import {
  ConversionFault,
  MAX_MARKDOWN_CHARACTERS,
  type Conversion,
  type ConversionOptions,
  type SourceFile,
} from './conversion.ts';
import { detectFormat } from './detect-format.ts';
import type { Kind } from './formats.ts';

/**
 * Converts a file to Markdown. What reads a format is loaded when the first file of it comes.
 * Never throws: a file that cannot be converted is told of by its `error`.
 */
export async function convertFile(file: SourceFile, options: ConversionOptions): Promise<Conversion> {
  let mimeType = file.mimeType;
  try {
    const detected = detectFormat(file.name, file.mimeType, file.bytes);
    ({ mimeType } = detected);
    if ('reason' in detected) return { mimeType, error: detected.reason };
    const markdown = await READERS[detected.kind](file, options);
    const data = options.format === 'text' ? await plain(markdown, detected.kind) : markdown;
    if (data.length > MAX_MARKDOWN_CHARACTERS) {
      throw new ConversionFault(
        `it would be ${data.length} characters of Markdown, the limit is ${MAX_MARKDOWN_CHARACTERS}`,
      );
    }
    return { mimeType, data };
  } catch (error) {
    return { mimeType, error: reasonOf(error) };
  }
}

/** A library's own message may be about anything: it is quoted, and short. */
const reasonOf = (error: unknown): string =>
  error instanceof ConversionFault
    ? error.message
    : `it cannot be read: ${clip(error instanceof Error ? error.message : String(error))}`;

type Reader = (file: SourceFile, options: ConversionOptions) => string | Promise<string>;

const READERS: Readonly<Record<Kind, Reader>> = {
  text: textOf,
  json: (file) => fenced('json', textOf(file)),
  xml: (file) => fenced('xml', textOf(file)),
  csv: async (file) => {
    const [{ default: papa }, { toTable }] = await Promise.all([import('papaparse'), import('./tables.ts')]);
    return toTable(papa.parse<string[]>(textOf(file), { skipEmptyLines: 'greedy' }).data);
  },
  html: async (file, { hostname, cssSelector }) => {
    const { pageToMarkdown } = await import('./html-to-markdown.ts');
    return pageToMarkdown(textOf(file), { hostname, cssSelector });
  },
  pdf: async ({ name, bytes }, { pdfMetadata }) => {
    const { pdfToMarkdown } = await import('./pdf.ts');
    return pdfToMarkdown(name, bytes, pdfMetadata);
  },
  docx: async ({ bytes }) => {
    const [{ docxToHtml }, { fragmentToMarkdown }] = await Promise.all([
      import('./docx.ts'),
      import('./html-to-markdown.ts'),
    ]);
    return fragmentToMarkdown(docxToHtml(bytes));
  },
  odt: async ({ bytes }) => {
    const [{ odtToHtml }, { fragmentToMarkdown }] = await Promise.all([
      import('./open-document.ts'),
      import('./html-to-markdown.ts'),
    ]);
    return fragmentToMarkdown(odtToHtml(bytes));
  },
  xlsx: async ({ name, bytes }) => {
    const [{ readXlsx }, { toWorkbook }] = await Promise.all([import('./xlsx.ts'), import('./sheets.ts')]);
    return toWorkbook(name, readXlsx(bytes));
  },
  ods: async ({ name, bytes }) => {
    const [{ readOds }, { toWorkbook }] = await Promise.all([
      import('./open-document.ts'),
      import('./sheets.ts'),
    ]);
    return toWorkbook(name, readOds(bytes));
  },
};

/** A text by its byte order mark, else as UTF-8. */
function textOf({ bytes }: SourceFile): string {
  const [first = 0, second = 0] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const encoding = isUtf16 ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new ConversionFault('it is no text in UTF-8 or UTF-16');
  }
}

const fenced = (language: string, text: string): string => {
  const longest = (text.match(/`{3,}/g) ?? []).reduce((most, { length }) => Math.max(most, length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
};

/** What was text before it was fenced, or a table of it, has no marks to lose. */
async function plain(markdown: string, kind: Kind): Promise<string> {
  if (kind === 'json' || kind === 'xml') return markdown.split('\n').slice(1, -1).join('\n');
  const { toPlainText } = await import('./plain-text.ts');
  return toPlainText(markdown);
}
