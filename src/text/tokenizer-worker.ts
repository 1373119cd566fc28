import { EngineError } from '../errors.ts';
import type { ChatTemplateSource } from '../chat-template/renderer.ts';
import type { EncodedText } from '../tokenizer/encode-in-slices.ts';
import type { InSlices } from '../process/in-slices.ts';
import { controlTokensThatEnd } from '../tokenizer/end-tokens.ts';
import type { TokenizerSource } from '../tokenizer/small-tokenizer.ts';
import { TokenTable, type TokenTableData } from '../tokenizer/token-table.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { encodeTexts, type EncodeQuestion } from './encode-texts.ts';
import { loadTokenizer } from './load-tokenizer.ts';
import { serveJobs } from '../process/serve-jobs.ts';

/** The process in which a model's tokenizer encodes texts: the other side of ServedTokenizer. */

export interface TokenizerSetup {
  modelPath: string;
}

/** All of a tokenizer that is needed to turn tokens into text, and to say of a text how long it is at least. */
export interface TokenizerReady {
  table: TokenTableData;
  specialTokenIds: Uint32Array;
  eosTokenIds: readonly number[];
  /** Those that may end a text. */
  controlTokens: ReadonlyMap<string, number>;
  stripsLeadingSpace: boolean;
  maxBytesPerToken: number | undefined;
  /** See ServedTokenizer. */
  kind: string | undefined;
  generalMetadata: ReadonlyMap<string, unknown>;
  /** The model's own. */
  chatTemplate: ChatTemplateSource | undefined;
  /** Those that another template may name. */
  specialTokens: Readonly<Record<string, string>>;
  smallSource: TokenizerSource | undefined;
}

export type EncodeAnswer = readonly EncodedText<Int32Array>[];

/** Several times the most that all tokens of a model have together. */
const MAX_TABLE_BYTES = 2 ** 26;
/** Some fifty times the longest. */
const MAX_TEMPLATE_CHARACTERS = 2 ** 20;

let tokenizer: Tokenizer | undefined;

serveJobs({
  setUp: async ({ modelPath }: TokenizerSetup): Promise<TokenizerReady> => {
    tokenizer = await tryLoad(modelPath);
    // What the files were read into is garbage. It is collected once the service has the tokenizer.
    setImmediate(() => globalThis.gc?.());
    return toReady(tokenizer);
  },
  *answer(question: EncodeQuestion): InSlices<EncodeAnswer> {
    if (tokenizer === undefined) throw new EngineError('internal', 'a tokenizer comes before its texts');
    const encoded = yield* encodeTexts(tokenizer, question);
    return encoded.map(({ tokenIds, numTokens }) => ({ tokenIds: Int32Array.from(tokenIds), numTokens }));
  },
});

async function tryLoad(modelPath: string): Promise<Tokenizer> {
  try {
    return await loadTokenizer(modelPath);
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('weights_invalid', `the tokenizer cannot be loaded: ${reasonOf(cause)}`, { cause });
  }
}

function toReady(loaded: Tokenizer): TokenizerReady {
  const { vocabSize, chatTemplate } = loaded;
  checkSize('the chat template', chatTemplate?.template.length ?? 0, MAX_TEMPLATE_CHARACTERS, 'characters');
  const table = TokenTable.pack(vocabSize, (tokenId) => loaded.idToBytes(tokenId));
  checkSize('the tokenizer', table.bytes.length, MAX_TABLE_BYTES, 'bytes of text in its tokens');
  return {
    table,
    specialTokenIds: Uint32Array.from(loaded.specialTokenIds),
    eosTokenIds: loaded.eosTokenIds,
    controlTokens: controlTokensThatEnd(loaded.controlTokens),
    stripsLeadingSpace: loaded.stripsLeadingSpace,
    maxBytesPerToken: loaded.maxBytesPerToken,
    kind: loaded.kind,
    generalMetadata: loaded.generalMetadata,
    chatTemplate,
    specialTokens: loaded.specialTokens,
    smallSource: loaded.smallSource,
  };
}

function checkSize(what: string, size: number, limit: number, unit: string): void {
  if (size <= limit) return;
  throw new EngineError('weights_invalid', `${what} has ${size} ${unit}; at most ${limit} are taken`);
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
