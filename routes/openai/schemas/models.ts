import * as z from 'zod';
import type { EngineError } from '../../../src/errors.ts';
import { namesOf } from '../../../src/serving/model-aliases.ts';
import type { ModelStatus } from '../../../src/serving/served-models.ts';

export const modelSchema = z
  .object({
    id: z.string(),
    root: z.string().meta({ description: 'The model that answers, where `id` is another name of it.' }),
    aliases: z.array(z.string()).meta({
      description: 'Its other names, from MODEL_ALIASES; one that ends in `*` is of all names that begin so.',
    }),
    object: z.literal('model'),
    created: z.int().meta({
      description:
        'Unix time in seconds: when the model became ready or, if it is not loaded, when its files were stored.',
    }),
    owned_by: z.literal('tokenflare'),
    type: z.literal('model').meta({ description: "As Anthropic's clients read it, and the next five." }),
    display_name: z.string(),
    created_at: z.string().meta({ description: '`created` as RFC 3339 writes it.' }),
    lifecycle: z.literal('active'),
    max_input_tokens: z.int().nullable(),
    max_tokens: z.int().nullable().meta({ description: 'As `max_input_tokens`, that of `max_model_len`.' }),
    state: z.enum(['unloaded', 'loading', 'loaded', 'failed']).meta({
      description:
        'An unloaded one is loaded for the first request that names it; a failed one tells its `error`.',
    }),
    is_default: z.boolean().meta({ description: 'Answers requests that name no model.' }),
    max_model_len: z.int().nullable().meta({ description: 'Most tokens of prompt and completion together.' }),
    architecture: z.string().nullable(),
    vocab_size: z.int().nullable(),
    tokenizer: z
      .object({ type: z.string().nullable(), vocab_size: z.int() })
      .nullable()
      .meta({ description: 'Its kind as its files name it, such as `BPE`; null until it is loaded.' }),
    chat_template: z
      .enum(['own', 'builtin', 'file'])
      .nullable()
      .meta({
        description:
          'What it chats by: its own template, the plain built-in one, or that of CHAT_TEMPLATE_FILE. Null: it does not ' +
          'chat, or it is not loaded yet.',
      }),
    generation_defaults: z
      .object({
        temperature: z.number().optional(),
        top_p: z.number().optional(),
        top_k: z.int().optional(),
        min_p: z.number().optional(),
        repetition_penalty: z.number().optional(),
        max_tokens: z.int().optional(),
      })
      .nullable()
      .meta({
        description:
          'What holds where a request has no such field; `generation_source` says why. Null until it is loaded.',
      }),
    generation_source: z
      .object({
        from: z.enum(['setting', 'openai', 'model', 'family', 'none']).meta({
          description:
            "GENERATION_CONFIG, which names a file or OpenAI's defaults; the model's files; the table of known families; or " +
            'none of them: temperature 1.',
        }),
        note: z.string().meta({ description: 'For people: what holds, why, and what sets others.' }),
      })
      .nullable()
      .meta({
        description: 'Who says how tokens are drawn where a request does not. Null until it is loaded.',
      }),
    num_parameters: z.int().nullable(),
    size_bytes: z.int().nullable().meta({ description: 'Size of its files.' }),
    memory_bytes: z.int().nullable().meta({
      description:
        'Its part of the memory that models share; estimated from the headers of its files until it is loaded.',
    }),
    weight_memory_bytes: z.int().nullable().meta({
      description: 'Size of its weights in memory; null until it is loaded.',
    }),
    kv_cache_bytes: z.int().nullable().meta({
      description: 'Size of its KV cache, all seats together; null until it is loaded.',
    }),
    runtime: z.string().nullable().meta({ description: 'Null until it is loaded.' }),
    device: z.string().nullable().meta({
      description: 'The processor or GPU that computes, as its driver names it; null until it is loaded.',
    }),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'Model' });

export const modelListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(modelSchema),
    has_more: z.literal(false).meta({ description: "As Anthropic's clients read it, and the next two." }),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: 'ModelList' });

type ModelBody = z.output<typeof modelSchema>;
export type ModelListBody = z.output<typeof modelListSchema>;

/** Each model by its id, and then by its other names. */
export function toModelListBody(models: readonly ModelStatus[]): ModelListBody {
  const data = models.flatMap((model) => namesOf(model).map((name) => toModelBody(model, name)));
  return {
    object: 'list',
    data,
    has_more: false,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

/**
 * The model as OpenAI's clients know one, with what a person asks next; what is not known is null.
 *
 * @param name what it is called here
 */
export function toModelBody(model: ModelStatus, name: string): ModelBody {
  const { error } = model;
  return {
    id: name,
    root: model.id,
    aliases: [...model.aliases],
    object: 'model',
    created: model.createdAt,
    owned_by: 'tokenflare',
    type: 'model',
    display_name: name,
    created_at: new Date(model.createdAt * 1000).toISOString(),
    lifecycle: 'active',
    max_input_tokens: model.contextLength ?? null,
    max_tokens: model.contextLength ?? null,
    state: model.state,
    is_default: model.isDefault && name === model.id,
    max_model_len: model.contextLength ?? null,
    architecture: model.architecture ?? null,
    vocab_size: model.vocabSize ?? null,
    tokenizer: toTokenizerBody(model.tokenizer),
    chat_template: model.chatTemplate ?? null,
    generation_defaults: toGenerationBody(model.generationDefaults),
    generation_source: model.generationSource ?? null,
    num_parameters: model.numParameters ?? null,
    size_bytes: model.sizeBytes ?? null,
    memory_bytes: model.memoryBytes ?? null,
    weight_memory_bytes: model.weightMemoryBytes ?? null,
    kv_cache_bytes: model.kvCacheBytes ?? null,
    runtime: model.runtimeDescription ?? null,
    device: model.device ?? null,
    error: error === undefined ? null : { code: error.code, message: messageOf(error) },
  };
}

const toTokenizerBody = (tokenizer: ModelStatus['tokenizer']): ModelBody['tokenizer'] =>
  tokenizer ? { type: tokenizer.kind ?? null, vocab_size: tokenizer.vocabSize } : null;

/** What is undefined is no part of the JSON. */
function toGenerationBody(defaults: ModelStatus['generationDefaults']): ModelBody['generation_defaults'] {
  if (defaults === undefined) return null;
  const { temperature, topP, topK, minP, repetitionPenalty, maxTokens } = defaults;
  return {
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    repetition_penalty: repetitionPenalty,
    max_tokens: maxTokens,
  };
}

/** An unexpected error is for the log alone. */
const messageOf = ({ code, message }: EngineError): string =>
  code === 'internal' ? 'the service failed to load it; its log tells why' : message;
