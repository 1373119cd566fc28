/** `eos_token_id` as config.json and generation_config.json have it. */
export type EosTokenId = number | readonly number[] | null | undefined;

export interface EndTokenSources {
  /** Of generation_config.json: where it names any, config.json's do not count, as in transformers. */
  generationConfig?: EosTokenId;
  /** Of config.json. */
  config?: EosTokenId;
  /** What the tokenizer names: `eos_token` of its files, or the `eos`, `eot` and `eom` ids of a GGUF file. */
  tokenizer?: readonly number[];
  /** The vocabulary's control tokens, by what they are written as. */
  controlTokens?: ReadonlyMap<string, number>;
}

/**
 * Control tokens with which a model ends its turn or its text, whether or not its files name them: llama.cpp's list
 * (llama-vocab.cpp), of the architectures that are served here.
 */
const END_TEXTS = [
  '<|eot_id|>',
  '<|eom_id|>',
  '<|im_end|>',
  '<|end|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '<|end_of_text|>',
  '<eos>',
  '</s>',
  '<EOT>',
  '<\uff5cend\u2581of\u2581sentence\uff5c>',
];

/**
 * The tokens of which any ends a sequence, each once: first those that the model's files name, so that the first is the
 * model's own mark between texts where it has one.
 */
export function endTokenIds(sources: EndTokenSources): readonly number[] {
  const { generationConfig, config, tokenizer = [], controlTokens } = sources;
  const ofGeneration = [generationConfig ?? []].flat();
  const named = ofGeneration.length > 0 ? ofGeneration : [config ?? []].flat();
  const byText = END_TEXTS.flatMap((text) => controlTokens?.get(text) ?? []);
  return [...new Set([...named, ...tokenizer, ...byText])];
}

/** Of a vocabulary's control tokens, those that `endTokenIds` looks for. */
export function controlTokensThatEnd(controlTokens: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...controlTokens].filter(([text]) => END_TEXTS.includes(text)));
}
