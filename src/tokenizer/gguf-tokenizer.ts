import { EngineError } from '../errors.ts';
import { ChatTemplate } from './chat-template.ts';
import { Tokenizer } from './tokenizer.ts';

const KEY = 'tokenizer.ggml.';
/** `tokenizer.ggml.token_type`: a token that is no text, and one that the text may contain as it is. */
const CONTROL = 3;
const USER_DEFINED = 4;

/** A chat template's names of tokens, and the format's. */
const TEMPLATE_TOKENS = [
  ['bos_token', 'bos'],
  ['eos_token', 'eos'],
  ['unk_token', 'unknown'],
  ['pad_token', 'padding'],
] as const;

const GPT2_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * The patterns that cut a text before byte-pair encoding, one after the other, by the names of `tokenizer.ggml.pre`;
 * llama.cpp's table is in llama-vocab.cpp.
 */
const PRE_TOKENIZERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['gpt-2', [GPT2_PATTERN]],
  ['default', ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2_PATTERN, '\\p{N}+', '[0-9][0-9][0-9]']],
  ['smollm', ['\\p{N}', GPT2_PATTERN]],
]);

/**
 * The tokenizer that a GGUF file carries in its metadata, as the tokenizer.json it was made from.
 * @throws EngineError `weights_invalid` naming the key, or for a kind of tokenizer that is not supported
 */
export function ggufTokenizer(metadata: ReadonlyMap<string, unknown>): Tokenizer {
  const model = metadata.get(`${KEY}model`);
  if (model !== 'gpt2') throw invalid(`${KEY}model is ${show(model)}; supported: gpt2 (byte-level BPE)`);
  const tokens = stringsAt(metadata, 'tokens');
  const vocab = new Map(tokens.map((token, id) => [token, id]));
  if (vocab.size !== tokens.length) {
    const twice = tokens.find((token, id) => vocab.get(token) !== id);
    throw invalid(`${KEY}tokens has ${show(twice)} twice`);
  }
  const tokenizerJson = {
    added_tokens: addedTokens(metadata, tokens),
    normalizer: null,
    pre_tokenizer: preTokenizer(metadata.get(`${KEY}pre`) ?? 'default'),
    post_processor: postProcessor(metadata, tokens),
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocab),
      merges: stringsAt(metadata, 'merges').map(splitMerge),
    },
  };
  return new Tokenizer(tokenizerJson, {}, chatTemplate(metadata, tokens));
}

function addedTokens(metadata: ReadonlyMap<string, unknown>, tokens: readonly string[]): object[] {
  const types = metadata.get(`${KEY}token_type`) ?? [];
  if (!Array.isArray(types)) throw invalid(`${KEY}token_type is not a list`);
  return tokens.flatMap((content, id) => {
    const type: unknown = types[id];
    if (type !== CONTROL && type !== USER_DEFINED) return [];
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...flags, special: type === CONTROL }];
  });
}

function preTokenizer(name: unknown): object {
  const patterns = typeof name === 'string' ? PRE_TOKENIZERS.get(name) : undefined;
  if (patterns === undefined)
    throw invalid(`${KEY}pre is ${show(name)}; supported: ${[...PRE_TOKENIZERS.keys()].join(', ')}`);
  return {
    type: 'Sequence',
    pretokenizers: [
      ...patterns.map((pattern) => ({
        type: 'Split',
        pattern: { Regex: pattern },
        behavior: 'Isolated',
        invert: false,
      })),
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  };
}

/** Puts begin- and end-of-text round a text where the file asks for it; GPT-2 itself has neither. */
function postProcessor(metadata: ReadonlyMap<string, unknown>, tokens: readonly string[]): object | null {
  const asked = (name: 'bos' | 'eos') => {
    if (metadata.get(`${KEY}add_${name}_token`) !== true) return undefined;
    const id = Number(metadata.get(`${KEY}${name}_token_id`));
    const content = tokens[id];
    if (content === undefined)
      throw invalid(`${KEY}add_${name}_token is true, but ${KEY}${name}_token_id names no token`);
    return { id, content };
  };
  const [bos, eos] = [asked('bos'), asked('eos')];
  if (bos === undefined && eos === undefined) return null;
  const special = (token: { content: string } | undefined) =>
    token === undefined ? [] : [{ SpecialToken: { id: token.content, type_id: 0 } }];
  const single = [...special(bos), { Sequence: { id: 'A', type_id: 0 } }, ...special(eos)];
  const used = [bos, eos].filter((token) => token !== undefined);
  return {
    type: 'TemplateProcessing',
    single,
    pair: [],
    special_tokens: Object.fromEntries(
      used.map(({ id, content }) => [content, { id: content, ids: [id], tokens: [content] }]),
    ),
  };
}

/** The template that the file carries, with the tokens it may name; undefined where it carries none. */
function chatTemplate(
  metadata: ReadonlyMap<string, unknown>,
  tokens: readonly string[],
): ChatTemplate | undefined {
  const template = metadata.get('tokenizer.chat_template');
  if (template === undefined) return undefined;
  if (typeof template !== 'string') throw invalid('tokenizer.chat_template is not a text');
  const specialTokens: Record<string, string> = {};
  for (const [name, key] of TEMPLATE_TOKENS) {
    const content = tokens[Number(metadata.get(`${KEY}${key}_token_id`))];
    if (content !== undefined) specialTokens[name] = content;
  }
  return new ChatTemplate({ template, specialTokens });
}

/** "left right": the first character may itself be a space. */
function splitMerge(merge: string): [string, string] {
  const space = merge.indexOf(' ', 1);
  if (space < 0) throw invalid(`${KEY}merges has ${show(merge)}, which is no pair`);
  return [merge.slice(0, space), merge.slice(space + 1)];
}

function stringsAt(metadata: ReadonlyMap<string, unknown>, name: 'tokens' | 'merges'): string[] {
  const values = metadata.get(KEY + name);
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'string'))
    throw invalid(`${KEY}${name} is missing, or no list of strings`);
  return values;
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function invalid(problem: string): EngineError {
  return new EngineError('weights_invalid', `the tokenizer in the GGUF file cannot be used: ${problem}`);
}
