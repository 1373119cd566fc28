import { createHash } from 'node:crypto';
import type { EngineClientOptions } from '../engine-client-options.ts';
import type { ModelInfo } from '../../engine.ts';
import { EngineError } from '../../../errors.ts';
import {
  generationEosTokenIds,
  generationDefaults,
  ggufGenerationDefaults,
  saysHowToSample,
  type GenerationDefaults,
} from '../../../model/generation-config.ts';
import type { ServedTokenizer } from '../../../text/served-tokenizer.ts';
import { endTokenIds, type EndTokenSources } from '../../../tokenizer/end-tokens.ts';
import { readOptionalJson } from '../../../model-files.ts';
import { isGgufPath } from '../../../weights/gguf/gguf-header.ts';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fieldOf, messageOf } from '../../../values.ts';
import { familyDefaults, ggufModelNames } from '../../../model/family-defaults.ts';
import { directoryPooling, ggufPooling } from '../../../model/pooling.ts';
import { fromFamily, type KnownDefaults } from '../../../model/sampling-note.ts';

/** Of a generation_config.json, which has some hundred: it is read in the HTTP thread. */
const MAX_DEFAULTS_BYTES = 2 ** 20;

/** What the files of a model say, as far as its defaults depend on it. */
export interface DescribedModel {
  readonly modelPath: string;
  readonly architecture: string;
  /** It was trained to answer: its files have a chat template. */
  readonly hasOwnTemplate: boolean;
  /** The keys `general.*` of a GGUF file that say how to sample, and its names. */
  readonly generalMetadata: ReadonlyMap<string, unknown>;
}

/**
 * How a model's maker wants tokens drawn: by its files, or by the table of families where these say nothing. Values of both
 * are not mixed, since no maker has published them together.
 * @throws EngineError `weights_invalid` or `config_invalid` for a file that is there and cannot be read
 */
export async function loadGenerationDefaults(model: DescribedModel): Promise<KnownDefaults> {
  const { modelPath, generalMetadata, architecture, hasOwnTemplate } = model;
  const isGguf = isGgufPath(modelPath);
  const said = isGguf ? ggufGenerationDefaults(generalMetadata) : await directoryDefaults(modelPath);
  if (saysHowToSample(said)) return { generationDefaults: said, generationSource: { from: 'model' } };
  const names = isGguf ? ggufModelNames(generalMetadata) : await directoryNames(modelPath);
  const found = hasOwnTemplate ? familyDefaults(architecture, names) : undefined;
  if (found === undefined) return { generationDefaults: said, generationSource: { from: 'none' } };
  return { generationDefaults: { ...found.defaults, ...said }, generationSource: fromFamily(found) };
}

async function directoryDefaults(modelPath: string): Promise<GenerationDefaults> {
  const json = await readOptionalJson(modelPath, 'generation_config.json', MAX_DEFAULTS_BYTES);
  return json === undefined ? {} : generationDefaults(json);
}

/** Of what it was made by its config.json, and what its folder is called, which for a pulled model is its id. */
async function directoryNames(modelPath: string): Promise<string[]> {
  const origin = fieldOf(
    await readOptionalJson(modelPath, 'config.json', MAX_DEFAULTS_BYTES),
    '_name_or_path',
  );
  return [...(typeof origin === 'string' ? [origin] : []), basename(modelPath)];
}

/**
 * The defaults that the setting GENERATION_CONFIG gives to all models; undefined: each model has its own.
 * @throws EngineError `config_invalid` for a file that cannot be read, or says nothing of sampling
 */
export async function readDefaultsSetting(
  setting: 'model' | 'openai' | { readonly file: string },
): Promise<KnownDefaults | undefined> {
  if (setting === 'model') return undefined;
  if (setting === 'openai') return { generationDefaults: {}, generationSource: { from: 'openai' } };
  const { file } = setting;
  const read = generationDefaults(await readJson(file), `GENERATION_CONFIG is '${file}'`);
  if (saysHowToSample(read)) return { generationDefaults: read, generationSource: { from: 'setting' } };
  throw invalid(file, 'it has none of temperature, top_p, top_k, min_p and repetition_penalty');
}

async function readJson(file: string): Promise<unknown> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > MAX_DEFAULTS_BYTES) throw invalid(file, `it has ${size} bytes, at most ${MAX_BYTES}`);
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw invalid(file, `it cannot be read: ${messageOf(cause)}`, cause);
  }
}

const invalid = (file: string, problem: string, cause?: unknown): EngineError =>
  new EngineError('config_invalid', `GENERATION_CONFIG is '${file}': ${problem}`, { cause });

/** What the files beside the weights say of a model. */
export type ModelFileInfo = Pick<
  ModelInfo,
  | 'eosTokenIds'
  | 'tokenizer'
  | 'chatTemplate'
  | 'chatTemplateDigest'
  | 'generationDefaults'
  | 'generationSource'
  | 'pooling'
>;

/** @throws EngineError as `matchTokenizer` and `loadGenerationDefaults` */
export async function readModelFiles(
  { settings: { modelPath }, givenDefaults }: EngineClientOptions,
  model: ModelInfo,
  tokenizer: ServedTokenizer,
): Promise<ModelFileInfo> {
  const { kind, vocabSize, chatTemplate, generalMetadata } = tokenizer;
  const { architecture } = model;
  const hasOwnTemplate = chatTemplate?.origin === 'own';
  const described = { modelPath, architecture, hasOwnTemplate, generalMetadata };
  return {
    eosTokenIds: await matchTokenizer(modelPath, model, tokenizer),
    tokenizer: { kind, vocabSize },
    pooling: isGgufPath(modelPath) ? ggufPooling(generalMetadata) : await directoryPooling(modelPath),
    ...(chatTemplate === undefined
      ? {}
      : { chatTemplate: chatTemplate.origin, chatTemplateDigest: digestOf(chatTemplate.template) }),
    ...(givenDefaults ?? (await loadGenerationDefaults(described))),
  };
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Checks that a tokenizer is that of the model, and finds the tokens that end a text by all files together.
 * @throws EngineError `weights_invalid` for a tokenizer with more tokens than the model embeds, or as `loadEndTokens`
 */
function matchTokenizer(
  modelPath: string,
  { id, vocabSize, eosTokenIds }: ModelInfo,
  tokenizer: ServedTokenizer,
): Promise<readonly number[]> {
  if (tokenizer.vocabSize <= vocabSize) return loadEndTokens(modelPath, eosTokenIds, tokenizer);
  const message = `the tokenizer of ${id} has ${tokenizer.vocabSize} tokens, but the model embeds ${vocabSize}`;
  return Promise.reject(new EngineError('weights_invalid', message));
}

/** Of a generation_config.json, which has some hundred: it is read in the HTTP thread. */
const MAX_BYTES = 2 ** 20;

/** What a tokenizer names as ends, and which of its control tokens may be one. */
interface TokenizerEnds {
  readonly eosTokenIds: readonly number[];
  readonly controlTokens: NonNullable<EndTokenSources['controlTokens']>;
}

/**
 * The tokens that end a sequence, by all that a model's files say.
 * @param configIds those of config.json, or of a GGUF file's metadata
 * @throws EngineError `weights_invalid` or `config_invalid` when generation_config.json is there and cannot be read
 */
export async function loadEndTokens(
  modelPath: string,
  configIds: readonly number[],
  { eosTokenIds, controlTokens }: TokenizerEnds,
): Promise<readonly number[]> {
  const json = isGgufPath(modelPath)
    ? undefined
    : await readOptionalJson(modelPath, 'generation_config.json', MAX_BYTES);
  const generationConfig = json === undefined ? undefined : generationEosTokenIds(json);
  return endTokenIds({ generationConfig, config: configIds, tokenizer: eosTokenIds, controlTokens });
}
