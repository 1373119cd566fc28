import * as z from 'zod';
import type { ModelStatus } from '../../../src/serving/served-models.ts';
import { nameSchema } from '../../shared/schemas/bounds.ts';
import { ignored } from '../../shared/schemas/common-fields.ts';

/** The document names what clients look for first: what else there is, Ollama's own documentation tells. */
export const modelsSchema = z
  .object({ models: z.array(z.looseObject({ name: z.string() })) })
  .meta({ id: 'OllamaModels' });

interface Details {
  readonly parent_model: string;
  readonly format: string;
  readonly family: string;
  readonly families: readonly string[];
  readonly parameter_size: string;
  readonly quantization_level: string;
}

interface NamedModel {
  readonly name: string;
  readonly model: string;
  readonly size: number;
  /** Empty: models are known by their names. */
  readonly digest: string;
  readonly details: Details;
}

interface ListedModel extends NamedModel {
  readonly modified_at: string;
}

interface LoadedModel extends NamedModel {
  readonly expires_at: string;
  readonly context_length: number;
}

export const showRequestSchema = z
  .strictObject({
    model: nameSchema.nullish(),
    name: nameSchema.nullish().meta({ description: 'The older name of `model`.' }),
    verbose: ignored,
    system: ignored,
    template: ignored,
    options: ignored,
  })
  .meta({ id: 'OllamaShowRequest' });

export type Capability = 'completion' | 'tools' | 'thinking';

export const showSchema = z
  .looseObject({ capabilities: z.array(z.string()), template: z.string() })
  .meta({ id: 'OllamaModel' });

interface ShownModel {
  readonly modelfile: string;
  /** What its files say of sampling, a line each. */
  readonly parameters: string;
  /** In Jinja; empty until the model is loaded. */
  readonly template: string;
  readonly details: Details;
  readonly model_info: Readonly<Record<string, string | number>>;
  readonly capabilities: readonly Capability[];
  readonly modified_at: string;
}

/** Ollama's clients read a time here. */
const NEVER = '9999-12-31T23:59:59Z';

function fieldsOf(model: ModelStatus, id: string): NamedModel {
  // Every name that Ollama lists has a tag: clients put one behind a name that has none, and look for that.
  const name = id.includes(':') ? id : `${id}:latest`;
  return { name, model: name, size: model.sizeBytes ?? 0, digest: '', details: detailsOf(model) };
}

export const toListedModel = (model: ModelStatus, id: string): ListedModel => ({
  ...fieldsOf(model, id),
  modified_at: modifiedAt(model),
});

export const toLoadedModel = (model: ModelStatus): LoadedModel => ({
  ...fieldsOf(model, model.id),
  size: model.memoryBytes ?? 0,
  expires_at: NEVER,
  context_length: model.contextLength ?? 0,
});

export function toShownModel(model: ModelStatus, template: string, capabilities: Capability[]): ShownModel {
  const { architecture = '', contextLength, vocabSize, numParameters } = model;
  const known = {
    'general.architecture': architecture,
    'general.parameter_count': numParameters,
    [`${architecture}.context_length`]: contextLength,
    [`${architecture}.vocab_size`]: vocabSize,
  };
  return {
    modelfile: '',
    parameters: parametersOf(model),
    template,
    details: detailsOf(model),
    model_info: Object.fromEntries(
      Object.entries(known).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    capabilities,
    modified_at: modifiedAt(model),
  };
}

const modifiedAt = ({ createdAt }: ModelStatus): string => new Date(createdAt * 1000).toISOString();

function parametersOf({ generationDefaults: defaults = {} }: ModelStatus): string {
  const values = [
    ['temperature', defaults.temperature],
    ['top_k', defaults.topK],
    ['top_p', defaults.topP],
    ['min_p', defaults.minP],
    ['repeat_penalty', defaults.repetitionPenalty],
    ['num_predict', defaults.maxTokens],
  ] as const;
  return values.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`])).join('\n');
}

function detailsOf({ architecture = '', numParameters }: ModelStatus): Details {
  return {
    parent_model: '',
    format: '',
    family: architecture,
    families: architecture === '' ? [] : [architecture],
    parameter_size: numParameters === undefined ? '' : parameterSize(numParameters),
    quantization_level: '',
  };
}

/** As Ollama writes it: `134.52M`, `7.6B`. */
function parameterSize(numParameters: number): string {
  if (numParameters >= 1e9) return `${(numParameters / 1e9).toFixed(1)}B`;
  if (numParameters >= 1e6) return `${(numParameters / 1e6).toFixed(2)}M`;
  return `${(numParameters / 1e3).toFixed(2)}K`;
}
