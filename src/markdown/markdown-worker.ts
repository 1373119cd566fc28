import { Worker } from 'node:worker_threads';
import { serveJobs } from '../process/serve-jobs.ts';
import type { Conversion, ConversionOptions, SourceFile } from './conversion.ts';
import { convertFile } from './convert-file.ts';
import { readUpload, type Upload } from './upload.ts';

/** The process in which files are read: the other side of MarkdownConverter. */

export type MarkdownQuestion =
  | { readonly type: 'upload'; readonly bytes: Uint8Array; readonly contentType: string }
  | { readonly type: 'convert'; readonly file: SourceFile; readonly options: ConversionOptions };

export type MarkdownAnswer = Upload | Conversion;

export interface MarkdownSetup {
  /** Of this process, with what lies outside of V8's heap: unpacked archives, and streams of a PDF. */
  readonly maxResidentBytes: number;
}

let maxBytes = Infinity;

serveJobs({
  setUp: ({ maxResidentBytes }: MarkdownSetup): void => {
    maxBytes = maxResidentBytes;
    endAbove(maxResidentBytes);
  },
  answer: (question: MarkdownQuestion): Promise<MarkdownAnswer> => {
    // What the file before left is not counted as this one's.
    if (process.memoryUsage.rss() > maxBytes / 2) globalThis.gc?.();
    return question.type === 'upload'
      ? readUpload(question.bytes, question.contentType)
      : convertFile(question.file, question.options);
  },
});

const WATCH_MS = 50;

/** A thread looks at the memory while the other one computes, and ends the process where it has too much. */
function endAbove(maxBytes: number): void {
  const watch = `setInterval(() => {
    if (process.memoryUsage.rss() > ${maxBytes}) process.kill(process.pid, 'SIGKILL');
  }, ${WATCH_MS});`;
  new Worker(watch, { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref();
}
