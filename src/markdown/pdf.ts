import { getDocumentProxy } from 'unpdf';
import { ConversionFault, MAX_MARKDOWN_CHARACTERS } from './conversion.ts';
import { readTaggedPage, type StructNode, type TextItem } from './pdf-tags.ts';

/**
 * A PDF as Cloudflare converts it: its metadata, then its pages one by one, by their tags where they have such, else as
 * lines of text.
 *
 * @throws ConversionFault for one that is encrypted or damaged
 */
export async function pdfToMarkdown(name: string, bytes: Uint8Array, withMetadata: boolean): Promise<string> {
  const document = await open(bytes);
  const parts = [`# ${name}`];
  if (withMetadata) parts.push('## Metadata', await metadataOf(document));
  parts.push('## Contents');
  let numCharacters = 0;
  for (let number = 1; number <= document.numPages; number++) {
    const text = await pageText(document, number);
    numCharacters += text.length;
    // The rest of a long document is not read in vain.
    if (numCharacters > MAX_MARKDOWN_CHARACTERS) break;
    parts.push(`### Page ${number}`, text);
  }
  return parts.filter((part) => part !== '').join('\n\n');
}

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

/** They keep PDF.js from the system's fonts and from writing warnings. */
const SETTINGS = { useSystemFonts: false, disableFontFace: true, isEvalSupported: false, verbosity: 0 };

async function open(bytes: Uint8Array): Promise<PdfDocument> {
  try {
    // A copy, since PDF.js takes the memory for itself.
    return await getDocumentProxy(Uint8Array.from(bytes), SETTINGS);
  } catch (error) {
    const isLocked = error instanceof Error && error.name === 'PasswordException';
    throw new ConversionFault(isLocked ? 'it needs a password' : 'it is damaged, or no PDF');
  }
}

async function metadataOf(document: PdfDocument): Promise<string> {
  const { info } = await document.getMetadata();
  return Object.entries(info as Record<string, unknown>)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([key, value]) => `- ${key}=${String(value).replaceAll(/\s+/g, ' ')}`)
    .join('\n');
}

async function pageText(document: PdfDocument, number: number): Promise<string> {
  const page = await document.getPage(number);
  const tree = (await page.getStructTree()) as StructNode | null;
  const { items } = await page.getTextContent({ includeMarkedContent: tree !== null });
  const texts = items as readonly TextItem[];
  page.cleanup();
  const tagged = tree === null ? '' : readTaggedPage(tree, texts);
  return tagged === '' ? linesOf(texts) : tagged;
}

const linesOf = (items: readonly TextItem[]): string =>
  items
    .map(({ str = '', hasEOL }) => (hasEOL === true ? `${str}\n` : str))
    .join('')
    .replaceAll(/[ \t]+\n/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
