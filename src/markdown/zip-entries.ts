import { unzipSync } from 'fflate';
import { ConversionFault } from './conversion.ts';

/** Of a document, by what its archive says. An archive that states less than it has gives no more than it states. */
const MAX_UNPACKED_BYTES = 64 * 2 ** 20;

/** The types of documents that are archives, by a file that each has. */
const INSIDE: readonly (readonly [path: string, mimeType: string])[] = [
  ['word/document.xml', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xl/workbook.xml', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
];
const TYPE_ENTRY = 'mimetype';

/** What an archive is as a document; undefined for none that is known. */
export function documentTypeInside(bytes: Uint8Array): string | undefined {
  const names = new Set<string>();
  const entries = unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      names.add(name);
      return name === TYPE_ENTRY && originalSize < 256;
    },
  });
  const stated = entries[TYPE_ENTRY];
  if (stated !== undefined) return Buffer.from(stated).toString('latin1').trim();
  return INSIDE.find(([path]) => names.has(path))?.[1];
}

/**
 * The files of an archive that are wanted, unpacked.
 * @throws ConversionFault where all that is wanted would be too much
 */
export function readEntries(
  bytes: Uint8Array,
  isWanted: (name: string) => boolean,
): Readonly<Record<string, Uint8Array>> {
  let numBytes = 0;
  return unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      if (!isWanted(name)) return false;
      numBytes += originalSize;
      if (numBytes > MAX_UNPACKED_BYTES) {
        throw new ConversionFault(`it has more than ${MAX_UNPACKED_BYTES} bytes when it is unpacked`);
      }
      return true;
    },
  });
}
