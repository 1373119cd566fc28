import { EngineError } from '../errors.ts';
import { TOKEN_TYPE } from './sentencepiece-tokenizer.ts';

const KEY = 'tokenizer.ggml.';

/** Names of tokens that the format has keys for: `tokenizer.ggml.{name}_token_id`. */
export type NamedToken = 'bos' | 'eos' | 'eot' | 'eom' | 'unknown' | 'padding';

export type NamedIds = Readonly<Partial<Record<NamedToken, number>>>;

/**
 * The vocabulary in a GGUF file's metadata (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), key by key.
 * Every method throws EngineError `weights_invalid` naming the key that is wrong.
 */
export class GgufVocabulary {
  readonly tokens: readonly string[];
  readonly #metadata: ReadonlyMap<string, unknown>;
  readonly #defaultIds: NamedIds;

  /** @param defaultIds what holds for a name that the file does not have */
  constructor(metadata: ReadonlyMap<string, unknown>, defaultIds: NamedIds) {
    this.#metadata = metadata;
    this.#defaultIds = defaultIds;
    // Nothing is written as an empty token; llama.cpp gives each a name, of which there may be several.
    this.tokens = this.strings('tokens').map((token, id) => (token === '' ? `[EMPTY_${id}]` : token));
    const ids = new Map(this.tokens.map((token, id) => [token, id]));
    if (ids.size === this.tokens.length) return;
    const twice = this.tokens.find((token, id) => ids.get(token) !== id);
    throw ggufTokenizerError(`${KEY}tokens has ${show(twice)} twice`);
  }

  get(name: string): unknown {
    return this.#metadata.get(KEY + name);
  }

  strings(name: 'tokens' | 'merges'): string[] {
    const values = this.get(name);
    if (!Array.isArray(values) || !values.every((value) => typeof value === 'string'))
      throw ggufTokenizerError(`${KEY}${name} is missing, or no list of strings`);
    return values;
  }

  /** A number for each token. */
  numbers(name: 'scores' | 'token_type'): number[] {
    const values = this.get(name);
    if (!Array.isArray(values) || !values.every((value) => typeof value === 'number'))
      throw ggufTokenizerError(`${KEY}${name} is missing, or no list of numbers`);
    if (values.length !== this.tokens.length)
      throw ggufTokenizerError(`${KEY}${name} has ${values.length} numbers for ${this.tokens.length} tokens`);
    return values;
  }

  /** The token type of each token; all are text where the file does not say. */
  types(): readonly number[] {
    return this.get('token_type') === undefined
      ? this.tokens.map(() => TOKEN_TYPE.NORMAL)
      : this.numbers('token_type');
  }

  /** A truth value, or what holds where the file says nothing. */
  flag(name: 'add_bos_token' | 'add_eos_token' | 'add_space_prefix', otherwise: boolean): boolean {
    const value = this.get(name) ?? otherwise;
    if (typeof value === 'boolean') return value;
    throw ggufTokenizerError(`${KEY}${name} is ${show(value)}, and neither true nor false`);
  }

  /** The token of a name; undefined where neither the file nor the kind of vocabulary has one. */
  id(name: NamedToken): number | undefined {
    const id = Number(this.get(`${name}_token_id`) ?? this.#defaultIds[name] ?? NaN);
    return this.tokens[id] === undefined ? undefined : id;
  }

  /**
   * The token that is put before a text, or behind it, where the file asks for it.
   * @param isDefault whether it is asked for where the file says nothing
   */
  added(name: 'bos' | 'eos', isDefault: boolean): number | undefined {
    if (!this.flag(`add_${name}_token`, isDefault)) return undefined;
    const id = this.id(name);
    if (id !== undefined || this.get(`add_${name}_token`) === undefined) return id;
    throw ggufTokenizerError(`${KEY}add_${name}_token is true, but ${KEY}${name}_token_id names no token`);
  }
}

export function show(value: unknown): string {
  const shown: unknown = value === undefined ? 'missing' : value;
  return typeof value === 'string' ? JSON.stringify(value) : String(shown);
}

export function ggufTokenizerError(problem: string): EngineError {
  return new EngineError('weights_invalid', `the tokenizer in the GGUF file cannot be used: ${problem}`);
}
