import { JobProcess } from '../process/job-process.ts';
import type { EncodeQuestion } from './encode-texts.ts';
import type { EncodeAnswer, TokenizerReady, TokenizerSetup } from './tokenizer-worker.ts';

/** The largest vocabularies take some 400 MiB while they are read. */
const MAX_HEAP_MB = 1024;
const LOAD_TIMEOUT_MS = 60_000;

/** The process of a model's tokenizer, which loads. */
export interface StartedTokenizer {
  readonly modelPath: string;
  readonly process: JobProcess<TokenizerSetup, TokenizerReady, EncodeQuestion, EncodeAnswer>;
  /** Rejects with an EngineError, see JobProcess.start. */
  readonly ready: Promise<TokenizerReady>;
}

export function startTokenizer(modelPath: string, startTimeoutMs = LOAD_TIMEOUT_MS): StartedTokenizer {
  const process: StartedTokenizer['process'] = new JobProcess({
    entry: { name: 'tokenizer-worker', neighbour: import.meta.url },
    name: "the model's tokenizer",
    setup: { modelPath },
    maxHeapMb: MAX_HEAP_MB,
    startTimeoutMs,
  });
  const ready = process.start();
  // Who loads the tokenizer is told.
  ready.catch(() => undefined);
  return { modelPath, process, ready };
}
