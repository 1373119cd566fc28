import * as z from 'zod';
import { MAX_TEXTS } from '../../shared/schemas/prompt.ts';
import { ignored } from '../../shared/schemas/common-fields.ts';
import { countSchema, textSchema } from '../../shared/schemas/bounds.ts';
import { textOrList } from '../../shared/schemas/lists.ts';
import { modelFields } from './requests.ts';

export const ollamaEmbedSchema = z
  .strictObject({
    ...modelFields,
    options: ignored,
    input: textOrList(textSchema, MAX_TEXTS, 1),
    truncate: z.boolean().nullish().meta({
      default: true,
      description: 'Of a text that is longer than the context the end is read; false: it is refused.',
    }),
    dimensions: countSchema.nullish(),
  })
  .meta({ id: 'OllamaEmbedRequest' });

export const ollamaEmbeddingsSchema = z
  .looseObject({ model: z.string(), embeddings: z.array(z.array(z.number())) })
  .meta({ id: 'OllamaEmbeddings' });

export const ollamaPromptSchema = z
  .strictObject({ ...modelFields, options: ignored, prompt: textSchema.nullish() })
  .meta({ id: 'OllamaEmbeddingsRequest' });

export const ollamaOneEmbeddingSchema = z.object({ embedding: z.array(z.number()) });
