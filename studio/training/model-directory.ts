import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isStoredTransposed } from '../../src/weights/gpt2-tensor-map.ts';
import { type StoredDtype, writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { transpose } from '../../src/weights/transpose.ts';
import { type BytePairEncoder, END_OF_TEXT } from './byte-pair-encoder.ts';
import { CHAT_TEMPLATE, CHAT_TOKENS, END_OF_TURN } from './chat-format.ts';
import type { TrainingData } from './training-data.ts';
import type { TrainOptions } from './train-options.ts';
import type { TrainableParameters } from './trainable-parameters.ts';

/** config.json of a GPT-2 with a tied head. Dropout is the trainer's affair: in the file it is 0. */
export function gpt2ConfigJson(
  { contextLength, dim, numLayers, numHeads }: TrainOptions,
  encoder: BytePairEncoder,
): Record<string, unknown> {
  return {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: encoder.vocabSize,
    n_positions: contextLength,
    n_embd: dim,
    n_layer: numLayers,
    n_head: numHeads,
    n_inner: null,
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    tie_word_embeddings: true,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    bos_token_id: encoder.endOfTextId,
    eos_token_id: encoder.endOfTextId,
  };
}

/** How a model that chats is sampled unless a client says otherwise. */
const SAMPLING_DEFAULTS = { do_sample: true, temperature: 0.7, min_p: 0.15 } as const;

/**
 * Writes config and tokenizer files in the layout of Hugging Face, which the server and transformers load. A model that
 * chats also gets its chat template, the tokens that end its answers and defaults of sampling.
 */
export async function writeModelDescription(
  directory: string,
  configJson: Readonly<Record<string, unknown>>,
  { encoder, chats }: Pick<TrainingData, 'encoder' | 'chats'>,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeJson(join(directory, 'config.json'), configJson);
  await writeJson(join(directory, 'tokenizer.json'), encoder.toTokenizerJson());
  await writeJson(join(directory, 'tokenizer_config.json'), {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: END_OF_TEXT,
    eos_token: END_OF_TEXT,
    model_max_length: configJson['n_positions'],
    clean_up_tokenization_spaces: false,
    ...(chats ? { additional_special_tokens: CHAT_TOKENS, chat_template: CHAT_TEMPLATE } : {}),
  });
  if (!chats) return;
  await writeJson(join(directory, 'generation_config.json'), {
    bos_token_id: encoder.endOfTextId,
    eos_token_id: [encoder.endOfTextId, encoder.specialId(END_OF_TURN)],
    ...SAMPLING_DEFAULTS,
  });
}

/** Writes model.safetensors by Hugging Face's names; the weights of its Conv1D layers lie as [in, out]. */
export async function writeWeights(
  directory: string,
  parameters: TrainableParameters,
  dtype: StoredDtype,
): Promise<void> {
  const tensors = [...parameters.variables].map(([name, variable]) => {
    const values = Float32Array.from(variable.dataSync()); // variable.shape, flat
    const [rows = 0, cols = 0] = variable.shape;
    const storedName = `transformer.${name}`;
    if (!isStoredTransposed(name)) return { name: storedName, shape: variable.shape, values };
    return { name: storedName, shape: [cols, rows], values: transpose(values, rows, cols) };
  });
  await writeSafetensors(join(directory, 'model.safetensors'), tensors, dtype);
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
