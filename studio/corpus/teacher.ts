import { assertInvariant } from '../../src/errors.ts';
import { createService, type TokenflareService } from '../../src/library/index.ts';

/** A larger language model, by our own library: it says how surprising a text is. */
export interface Teacher {
  /** @returns for each text its tokens */
  tokensOf(texts: readonly string[]): Promise<(readonly CostlyToken[])[]>;
  close(): Promise<void>;
}

/** A token of a text, and what it costs the teacher. */
export interface CostlyToken {
  /** Characters of the text before it. */
  readonly start: number;
  readonly end: number;
  readonly bits: number;
}

export interface TeacherOptions {
  /** A GGUF file or a directory. */
  readonly model: string;
  /** Texts at once. */
  readonly batch: number;
  readonly threads?: number | undefined;
}

/** Room for the longest story with what is put before it. */
const CONTEXT = 512;
const CACHE_MB = 4096;

export async function createTeacher({ model, batch, threads }: TeacherOptions): Promise<Teacher> {
  const service = await createService({
    MODEL: model,
    MAX_NUM_SEQS: batch,
    MAX_MODEL_LEN: CONTEXT,
    KV_CACHE_MB: CACHE_MB,
    ...(threads === undefined ? {} : { THREADS: threads }),
  });
  return {
    tokensOf: (texts) => inGroups(texts, (group) => tokensOf(service, group)),
    close: () => service.close(),
  };
}

/** A request takes 64 prompts. */
const GROUP = 32;

/** Asks for all groups at once, so that the service can fill its batches. */
async function inGroups<T>(
  texts: readonly string[],
  ask: (group: readonly string[]) => Promise<T[]>,
): Promise<T[]> {
  const groups = Array.from({ length: Math.ceil(texts.length / GROUP) }, (_, i) =>
    texts.slice(i * GROUP, (i + 1) * GROUP),
  );
  return (await Promise.all(groups.map(ask))).flat();
}

async function tokensOf(service: TokenflareService, texts: readonly string[]): Promise<CostlyToken[][]> {
  const request = { prompt: [...texts], max_tokens: 0, echo: true, logprobs: 0 };
  const { choices } = await service.complete(request).whole();
  assertInvariant(choices.length === texts.length, 'the teacher answers each text');
  return choices.map(({ text, logprobs }) => {
    const offsets = logprobs?.text_offset ?? [];
    return offsets.map((start, i) => ({
      start,
      end: offsets[i + 1] ?? text.length,
      // The first token has none.
      bits: -(logprobs?.token_logprobs[i] ?? 0) / Math.LN2,
    }));
  });
}
