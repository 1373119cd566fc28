/** What is asked of the conversion of documents to Markdown, and what comes of it: plain data, which crosses processes. */

/** How a file is to be converted: what is missing is as Cloudflare has it. */
export interface ConversionOptions {
  /** Text: Markdown without its marks. */
  readonly format: 'markdown' | 'text';
  /** What links of an HTML document without a host are relative to. */
  readonly hostname?: string | undefined;
  /** The elements of an HTML document that are kept. */
  readonly cssSelector?: string | undefined;
  /** Whether the metadata of a PDF stand before its pages. */
  readonly pdfMetadata: boolean;
}

export interface SourceFile {
  readonly name: string;
  /** As its sender calls it. */
  readonly mimeType: string;
  readonly bytes: Uint8Array;
}

export type Conversion =
  | { readonly mimeType: string; readonly data: string }
  | { readonly mimeType: string; readonly error: string };

/** Why a file cannot be converted, in words for the client that sent it. */
export class ConversionFault extends Error {
  override readonly name = 'ConversionFault';
}

/** Most characters of Markdown that a file may become. */
export const MAX_MARKDOWN_CHARACTERS = 16 * 2 ** 20;
