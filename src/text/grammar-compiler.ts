import { createHash } from 'node:crypto';
import type { TextCaller } from '../chat-template/chat-template.ts';
import { EngineError, invalidField } from '../errors.ts';
import type { GrammarSpec } from '../grammar/grammar-spec.ts';
import { ownSource } from '../grammar/matching/own-source.ts';
import type { GrammarSource } from '../grammar/matching/token-grammar.ts';
import type { TokenTrieData } from '../grammar/matching/token-trie.ts';
import { BoundedStore } from '../bounded-store.ts';
import { JsonMeasure } from '../json-measure.ts';
import { JobProcess } from '../process/job-process.ts';
import type { GrammarAnswer, GrammarQuestion, GrammarSetup } from './grammar-worker.ts';
import type { TokenTable } from '../tokenizer/token-table.ts';
import { fieldOf } from '../values.ts';

/** A grammar as the engine takes it. */
export interface CompiledGrammar {
  /** Grammars of the same key are the same, and of the same client. */
  readonly key: string;
  readonly source: GrammarSource;
  /** Of memory, about. */
  readonly numBytes: number;
  /** Tokens that its shortest text takes, at most. */
  readonly minTokens: number;
  /** The texts of the tokens that it is held against. */
  readonly vocabulary: TokenTrieData;
}

/** Ten times what the largest that is allowed takes. */
const DEADLINE_MS = 4000;
/** The vocabulary becomes a tree there: half a second for 200,000 tokens. */
const START_TIMEOUT_MS = 30_000;
const MAX_HEAP_MB = 512;
/** Of grammars that are kept: a request often comes again with the same. */
const MAX_KEPT_BYTES = 32 * 2 ** 20;
/** Of a format, as JSON. */
const MAX_SPEC_LENGTH = 2 ** 18;

/**
 * Compiles what texts must look like into automata, in a process of its own with a deadline, clients in turns: a schema
 * may come from anywhere. The latest are kept, each for its client alone: the time that a request takes tells nothing of
 * what others sent.
 */
export class GrammarCompiler {
  readonly #specialTokens: () => ReadonlyMap<string, number>;
  readonly #process: JobProcess<GrammarSetup, TokenTrieData, GrammarQuestion, GrammarAnswer>;
  #vocabulary: Promise<TokenTrieData> | undefined;
  readonly #kept = new BoundedStore<CompiledGrammar>({ maxBytes: MAX_KEPT_BYTES });

  /** @param specialTokens by what they are written as; asked for with the first grammar */
  constructor(
    table: TokenTable,
    specialTokenIds: ReadonlySet<number>,
    specialTokens: () => ReadonlyMap<string, number>,
  ) {
    this.#specialTokens = specialTokens;
    this.#process = new JobProcess({
      entry: { name: 'grammar-worker', neighbour: import.meta.url },
      name: 'the compiler of formats',
      setup: { table: table.data, specialTokenIds: [...specialTokenIds] },
      maxHeapMb: MAX_HEAP_MB,
      startTimeoutMs: START_TIMEOUT_MS,
    });
  }

  /**
   * @throws EngineError `invalid_request` for what is not supported, is too large or has no text; the signal's reason
   * once that is aborted
   */
  async compile(spec: GrammarSpec, { clientId, signal }: TextCaller): Promise<CompiledGrammar> {
    checkLength(spec);
    const tokens = this.#specialTokens();
    const known = withoutUnknownTokens(spec, (name) => tokens.has(name));
    const text = JSON.stringify(known);
    const key = createHash('sha256').update(`${clientId}\n${text}`).digest('base64');
    const kept = this.#kept.use(clientId, key);
    if (kept !== undefined) return kept;
    const specialTokenIds = new Map(
      namedSpecialTokens(known).flatMap((name) => {
        const id = tokens.get(name);
        return id === undefined ? [] : [[name, id] as const];
      }),
    );
    this.#vocabulary ??= this.#start();
    const vocabulary = await this.#vocabulary;
    const toLossError = (how: string): EngineError =>
      new EngineError('format_too_complex', `the format is too complex: ${how}`);
    const options = { clientId, signal, timeoutMs: DEADLINE_MS, toLossError };
    const { grammar, nodeCosts, numBytes, minTokens } = await this.#process.run(
      { spec: known, specialTokenIds },
      options,
    );
    const compiled = {
      key,
      source: ownSource({ grammar, specialTokenIds, nodeCosts }),
      numBytes,
      minTokens,
      vocabulary,
    };
    this.#kept.add(clientId, key, compiled, numBytes);
    return compiled;
  }

  async #start(): Promise<TokenTrieData> {
    try {
      return await this.#process.start();
    } catch (error) {
      this.#vocabulary = undefined;
      throw error;
    }
  }

  /** Ends its process, and what waits for it. */
  stop(): Promise<void> {
    return this.#process.stop();
  }
}

/**
 * A part of a format may stand in it many times, so that it is far longer as JSON than in memory: it is measured before
 * it is walked, and the measuring ends at the bound.
 * @throws EngineError `invalid_request` naming the field of the part that passes the bound, where it has one
 */
function checkLength(spec: GrammarSpec): void {
  const measure = new JsonMeasure(MAX_SPEC_LENGTH);
  let param: string | undefined;
  const isWithin = measure.add(spec, (part) => {
    const named = fieldOf(part, 'param');
    if (typeof named === 'string') param = named;
  });
  if (isWithin) return;
  const complaint = `makes a format of more than ${MAX_SPEC_LENGTH} characters as JSON`;
  throw param === undefined
    ? new EngineError('invalid_request', `the request ${complaint}`)
    : invalidField(param, complaint);
}

/** The special tokens that a format names. */
function namedSpecialTokens(spec: GrammarSpec): string[] {
  switch (spec.type) {
    case 'specialToken':
      return [spec.name];
    case 'sequence':
    case 'choice':
      return [...new Set(spec.items.flatMap(namedSpecialTokens))];
    case 'repeat':
      return namedSpecialTokens(spec.item);
    default:
      return [];
  }
}

/** The format with what a vocabulary has no special token for written as text. */
function withoutUnknownTokens(spec: GrammarSpec, isKnown: (name: string) => boolean): GrammarSpec {
  switch (spec.type) {
    case 'specialToken':
      return isKnown(spec.name) ? spec : { type: 'literal', text: spec.name };
    case 'sequence':
    case 'choice':
      return { ...spec, items: spec.items.map((item) => withoutUnknownTokens(item, isKnown)) };
    case 'repeat':
      return { ...spec, item: withoutUnknownTokens(spec.item, isKnown) };
    default:
      return spec;
  }
}
