import { z } from 'zod';
import { nameSchema } from '../../shared/schemas/bounds.ts';
import { promptSchema } from '../../shared/schemas/prompt.ts';

/** The answer grows with the square of it: layers * heads * tokens * tokens numbers. */
export const MAX_ATTENTION_TOKENS = 64;
/** No model has more. */
const MAX_LAYERS = 1024;

/**
 * Numbers in one answer, some 5 MB of text. Writing them takes 30 ms of the HTTP thread; a large model
 * has a hundred times as many.
 */
export const MAX_ATTENTION_WEIGHTS = 2 ** 18;

export const attentionRequestSchema = z
  .strictObject({
    model: nameSchema.nullish(),
    prompt: promptSchema,
    layers: z
      .array(
        z
          .int()
          .min(0)
          .max(MAX_LAYERS - 1),
      )
      .min(1)
      .max(MAX_LAYERS)
      .refine((indices) => new Set(indices).size === indices.length, 'must not name a layer twice')
      .meta({ uniqueItems: true })
      .nullish()
      .meta({
        description:
          'Indices of the layers to report; all when absent. Layers * heads * tokens * tokens is at most ' +
          `${MAX_ATTENTION_WEIGHTS}.`,
      }),
  })
  .meta({ id: 'AttentionRequest' });

export const attentionResponseSchema = z
  .object({
    object: z.literal('attention'),
    model: z.string(),
    tokens: z.array(z.object({ id: z.int(), text: z.string() })),
    layers: z.array(
      z.object({
        index: z.int(),
        heads: z.array(z.array(z.array(z.number()))).meta({
          description:
            '[heads][queries][keys]: how much each token takes of itself and of those before it; each row sums to 1.',
        }),
      }),
    ),
  })
  .meta({ id: 'AttentionResponse' });

export type AttentionBody = z.output<typeof attentionResponseSchema>;
