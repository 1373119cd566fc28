import mammoth from 'mammoth';
import { readEntries } from './zip-entries.ts';

/** A document of Word as HTML, without its images. Word's styles for headings and lists are known. */
export async function docxToHtml(bytes: Uint8Array): Promise<string> {
  // Only to know what it would be when it is unpacked.
  readEntries(bytes, (name) => /\.(xml|rels)$/.test(name));
  const convertImage = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
  const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(bytes) }, { convertImage });
  return value;
}
