import { z } from 'zod';
import type { ModelInfo } from '../../src/engine/engine.ts';

export const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int(),
    owned_by: z.literal('tokenflare'),
    max_model_len: z.int().meta({ description: 'Most tokens of prompt and completion together.' }),
    architecture: z.string(),
    vocab_size: z.int(),
    num_parameters: z.int(),
    runtime: z.string(),
    device: z.string().meta({ description: 'The processor or GPU that computes, as its driver names it.' }),
  })
  .meta({ id: 'Model' });

export const modelListSchema = z
  .object({ object: z.literal('list'), data: z.array(modelSchema) })
  .meta({ id: 'ModelList' });

export type ModelBody = z.output<typeof modelSchema>;
export type ModelListBody = z.output<typeof modelListSchema>;

/** The model as OpenAI's clients know one, with what a person asks next. */
export function toModelBody(model: ModelInfo): ModelBody {
  return {
    id: model.id,
    object: 'model',
    created: model.createdAt,
    owned_by: 'tokenflare',
    max_model_len: model.contextLength,
    architecture: model.architecture,
    vocab_size: model.vocabSize,
    num_parameters: model.numParameters,
    runtime: model.runtimeDescription,
    device: model.device,
  };
}
