import { EngineError } from '../errors.ts';
import type { EncodedText } from '../tokenizer/encode-in-slices.ts';
import { runToEnd } from '../process/in-slices.ts';
import type { TokenVocabulary } from '../tokenizer/incremental-detokenizer.ts';
import { TokenTable, type TokenTableData } from '../tokenizer/token-table.ts';
import { JsonTokenizer } from '../tokenizer/json-tokenizer.ts';
import type { TokenizerSource } from '../tokenizer/small-tokenizer.ts';
import { minNumTokens, Tokenizer, type DecodeOptions, type EncodeOptions } from '../tokenizer/tokenizer.ts';
import { ChatTemplate, type TextCaller } from '../chat-template/chat-template.ts';
import type { GrammarSpec } from '../grammar/grammar-spec.ts';
import { checkEncodedIds, encodeTexts } from './encode-texts.ts';
import { GrammarCompiler, type CompiledGrammar } from './grammar-compiler.ts';
import type { FallbackTemplate } from '../chat-template/fallback-template.ts';
import { startTokenizer, type StartedTokenizer } from './start-tokenizer.ts';
import type { TokenizerReady } from './tokenizer-worker.ts';

/** Ten times what a text takes on a slow machine, and some for a machine that is busy. */
const ENCODE_TIMEOUT_MS = 5000;
const ENCODE_TIMEOUT_MS_PER_CHARACTER = 0.01;
/** Of a request's texts together: from here on they take more than a slice of the process's time. */
const LARGE_CHARACTERS = 2 ** 15;
/** Of a request's texts together: some half a millisecond. */
const MAX_CHARACTERS_IN_PLACE = 512;

export interface ServedTokenizerOptions {
  loadTimeoutMs?: number;
  /** Its process, where that was started before. */
  started?: StartedTokenizer | undefined;
  encodeTimeoutMs?: number;
  /** What a model without a chat template chats by; without it such a model does not chat. */
  fallbackTemplate?: FallbackTemplate | undefined;
}

export interface ServedEncodeOptions extends EncodeOptions {
  /** Only the last so many tokens of each text are wanted. */
  numKept?: number | undefined;
}

/**
 * A model's tokenizer as the service has it. Texts are encoded in a process of their own, by patterns and merges that
 * come from somewhere else: see JobProcess. Tokens are turned into text here, by a table of their bytes.
 */
export class ServedTokenizer implements TokenVocabulary {
  readonly specialTokenIds: ReadonlySet<number>;
  readonly eosTokenIds: readonly number[];
  /** Those that may end a text, by what they are written as. */
  readonly controlTokens: ReadonlyMap<string, number>;
  readonly stripsLeadingSpace: boolean;
  /** The kind of tokenizer, as its files name it. */
  readonly kind: string | undefined;
  /** Of a GGUF file: its keys `general.sampling.*`, and its names. */
  readonly generalMetadata: ReadonlyMap<string, unknown>;
  /** How a conversation is written; undefined where the model's files do not say, and there is no fallback. */
  readonly chatTemplate: ChatTemplate | undefined;
  readonly #table: TokenTable;
  readonly #grammars: GrammarCompiler;
  #specialTokens: ReadonlyMap<string, number> | undefined;
  readonly #maxBytesPerToken: number | undefined;
  readonly #process: StartedTokenizer['process'];
  readonly #encodeTimeoutMs: number;
  /** The tokenizer in this process, where it is small and harmless. */
  readonly #inPlace: Tokenizer | undefined;

  private constructor(
    process: StartedTokenizer['process'],
    ready: TokenizerReady,
    options: ServedTokenizerOptions,
  ) {
    const { encodeTimeoutMs = ENCODE_TIMEOUT_MS, fallbackTemplate } = options;
    this.specialTokenIds = new Set(ready.specialTokenIds);
    this.eosTokenIds = ready.eosTokenIds;
    this.controlTokens = ready.controlTokens;
    this.stripsLeadingSpace = ready.stripsLeadingSpace;
    this.kind = ready.kind;
    this.generalMetadata = ready.generalMetadata;
    this.chatTemplate = chatTemplateOf(ready, fallbackTemplate);
    this.#table = new TokenTable(ready.table);
    this.#grammars = new GrammarCompiler(this.#table, this.specialTokenIds, () => this.specialTokens);
    this.#maxBytesPerToken = ready.maxBytesPerToken;
    this.#process = process;
    this.#encodeTimeoutMs = encodeTimeoutMs;
    this.#inPlace = ready.smallSource === undefined ? undefined : fromSource(ready.smallSource);
  }

  /**
   * Loads the tokenizer of a model in a process of its own.
   * @param signal ends the load
   * @throws EngineError `weights_invalid` naming the file, `backend_failure` for a process that is not ready in time,
   * `engine_not_ready` once the signal is aborted
   */
  static async load(
    modelPath: string,
    signal?: AbortSignal,
    options: ServedTokenizerOptions = {},
  ): Promise<ServedTokenizer> {
    const { process, ready } = options.started ?? startTokenizer(modelPath, options.loadTimeoutMs);
    const onAbort = (): void => void process.stop();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return new ServedTokenizer(process, await ready, options);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Tokens that are no text, by what they are written as. */
  get specialTokens(): ReadonlyMap<string, number> {
    this.#specialTokens ??= new Map([...this.specialTokenIds].map((id) => [this.decode([id]), id]));
    return this.#specialTokens;
  }

  /** One more than the largest token id. A model may embed more, and draw them: those are no text. */
  get vocabSize(): number {
    return this.#table.vocabSize;
  }

  /** The bytes of all tokens. */
  get tokenTable(): TokenTableData {
    return this.#table.data;
  }

  /** Of its process, while there is one. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Encodes a few words at once, where the tokenizer is small and harmless: the way to its process and back would
   * take a tiny model as long as its first token. Undefined where it must be `encode`.
   */
  encodeNow(
    texts: readonly string[],
    { addSpecialTokens = true, numKept }: ServedEncodeOptions,
  ): EncodedText<number[]>[] | undefined {
    if (this.#inPlace === undefined || countCharacters(texts) > MAX_CHARACTERS_IN_PLACE) return undefined;
    return runToEnd(encodeTexts(this.#inPlace, { texts, addSpecialTokens, numKept }));
  }

  /**
   * The token ids of texts; a lone surrogate, which no UTF-8 can hold, becomes U+FFFD.
   * @throws EngineError `weights_invalid` where the tokenizer fails, or does not end; `invalid_request` where it does not
   * end of a large text; the signal's reason once that is aborted
   */
  async encode(
    texts: readonly string[],
    { addSpecialTokens = true, numKept }: ServedEncodeOptions,
    { clientId, signal }: TextCaller,
  ): Promise<EncodedText<number[]>[]> {
    const numCharacters = countCharacters(texts);
    const question = { texts, addSpecialTokens, numKept };
    const timeoutMs = Math.ceil(this.#encodeTimeoutMs + ENCODE_TIMEOUT_MS_PER_CHARACTER * numCharacters);
    const isLarge = numCharacters > LARGE_CHARACTERS;
    const toLossError = (how: string): EngineError =>
      new EngineError(
        'invalid_request',
        `a text of ${numCharacters} characters is too much to be tokenised: ${how}; send less`,
      );
    const options = { clientId, signal, timeoutMs, isLarge, ...(isLarge ? { toLossError } : {}) };
    const answer = await this.#process.run(question, options);
    return answer.map(({ tokenIds, numTokens }) => {
      // Loaded anew, it may be another.
      checkEncodedIds(tokenIds, this.vocabSize);
      return { tokenIds: Array.from(tokenIds), numTokens };
    });
  }

  /** A number of tokens that the text has at least, known without encoding it; 0 where nothing is known. */
  minNumTokens(text: string): number {
    return minNumTokens(text, this.#maxBytesPerToken);
  }

  /** The text of token ids. Bytes that are no UTF-8 become U+FFFD; an id outside the vocabulary is no text. */
  decode(tokenIds: readonly number[], { skipSpecialTokens = false }: DecodeOptions = {}): string {
    const shown = skipSpecialTokens ? tokenIds.filter((id) => !this.specialTokenIds.has(id)) : tokenIds;
    // A byte order mark is a character of the text like any other.
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#table.concat(shown));
    return this.stripsLeadingSpace && text.startsWith(' ') ? text.slice(1) : text;
  }

  /** How many bytes of text token ids are. */
  numBytes(tokenIds: readonly number[]): number {
    return this.#table.numBytes(tokenIds);
  }

  /** The bytes a token stands for, perhaps a part of a character; none for an id outside the vocabulary. */
  idToBytes(tokenId: number): Uint8Array {
    return this.#table.idToBytes(tokenId);
  }

  /**
   * What a text must look like, over this vocabulary.
   * @throws EngineError as GrammarCompiler.compile
   */
  compileGrammar(spec: GrammarSpec, caller: TextCaller): Promise<CompiledGrammar> {
    return this.#grammars.compile(spec, caller);
  }

  /** Ends its processes, and what waits for them. Tokens can be turned into text as before. */
  async stop(): Promise<void> {
    await Promise.all([this.#process.stop(), this.chatTemplate?.stop(), this.#grammars.stop()]);
  }
}

function chatTemplateOf(
  { chatTemplate, specialTokens }: TokenizerReady,
  fallback: FallbackTemplate | undefined,
): ChatTemplate | undefined {
  if (chatTemplate !== undefined) return new ChatTemplate(chatTemplate);
  return fallback && new ChatTemplate({ template: fallback.template, specialTokens }, fallback);
}

const fromSource = ({ tokenizerJson, tokenizerConfig }: TokenizerSource): Tokenizer =>
  new Tokenizer(new JsonTokenizer(tokenizerJson, { config: tokenizerConfig }));

const countCharacters = (texts: readonly string[]): number =>
  texts.reduce((sum, { length }) => sum + length, 0);
