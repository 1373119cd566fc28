import { FORMATS, type Kind } from './formats.ts';
import { documentTypeInside } from './zip-entries.ts';

/** Types that others are written as. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'text/xml': 'application/xml',
  'application/xhtml+xml': 'text/html',
  'text/x-markdown': 'text/markdown',
};

const NO_IMAGES = 'an image is described by a model that sees, and none is here';
const OLD_SHEET = 'this form of a spreadsheet is not read here; save it as .xlsx, .ods or .csv';

/** Formats of Cloudflare's that are not read here, with the reason. */
const REFUSED: readonly (readonly [extension: string, mimeType: string, reason: string])[] = [
  ['.jpeg', 'image/jpeg', NO_IMAGES],
  ['.jpg', 'image/jpeg', NO_IMAGES],
  ['.png', 'image/png', NO_IMAGES],
  ['.webp', 'image/webp', NO_IMAGES],
  ['.svg', 'image/svg+xml', NO_IMAGES],
  ['.xlsb', 'application/vnd.ms-excel.sheet.binary.macroenabled.12', OLD_SHEET],
  ['.xls', 'application/vnd.ms-excel', OLD_SHEET],
  ['.et', 'application/vnd.ms-excel', OLD_SHEET],
  ['.numbers', 'application/vnd.apple.numbers', OLD_SHEET],
];

/** What a file is: how it is converted, or why it is not. */
export type Detected = { readonly mimeType: string } & (
  { readonly kind: Kind } | { readonly reason: string }
);

const NAMELESS = new Set(['', 'application/octet-stream', 'text/plain']);

/** By the type that its sender states, else by the extension of its name, else by what it begins with. */
export function detectFormat(name: string, statedType: string, bytes: Uint8Array): Detected {
  const [stated = ''] = statedType.toLowerCase().split(';');
  const mimeType = OTHER_NAMES[stated.trim()] ?? stated.trim();
  if (!NAMELESS.has(mimeType)) return byType(mimeType);
  const [extension = ''] = /\.[^./\\]+$/.exec(name.toLowerCase()) ?? [];
  const byName =
    FORMATS.find((format) => format.extension === extension)?.mimeType ??
    REFUSED.find(([refused]) => refused === extension)?.[1];
  return byType(byName ?? typeOfContent(bytes) ?? mimeType);
}

function byType(mimeType: string): Detected {
  const known = FORMATS.find((format) => format.mimeType === mimeType);
  if (known !== undefined) return { mimeType, kind: known.kind };
  const [, , reason] = REFUSED.find(([, type]) => type === mimeType) ?? [];
  if (reason !== undefined) return { mimeType, reason };
  if (mimeType.startsWith('text/')) return { mimeType, kind: 'text' };
  const what = mimeType === '' ? 'a file of an unknown type' : `a file of the type ${mimeType}`;
  return { mimeType, reason: `${what} is not read here; GET …/supported lists what is` };
}

const HEAD_BYTES = 1024;

function typeOfContent(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1');
  if (head.startsWith('%PDF-')) return 'application/pdf';
  if (head.startsWith('PK\x03\x04')) return documentTypeInside(bytes);
  if (head.startsWith('\x89PNG')) return 'image/png';
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^\s*(<!doctype html|<html)/i.test(head)) return 'text/html';
  if (/^\s*<\?xml/.test(head)) return 'application/xml';
  return head.includes('\0') ? undefined : 'text/plain';
}
