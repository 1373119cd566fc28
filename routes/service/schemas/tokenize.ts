import { z } from 'zod';
import { nameSchema, textSchema } from '../../shared/schemas/bounds.ts';
import { tokenIdsSchema } from '../../shared/schemas/prompt.ts';

const text = textSchema.optional();

export const tokenizeRequestSchema = z
  .strictObject({
    model: nameSchema.nullish(),
    prompt: text,
    text: text.meta({ description: 'Another name of `prompt`; exactly one of the two.' }),
    add_special_tokens: z.boolean().nullish().meta({ default: true }),
  })
  .meta({ id: 'TokenizeRequest' });

export const tokenizeResponseSchema = z
  .object({ tokens: z.array(z.int()), count: z.int(), max_model_len: z.int() })
  .meta({ id: 'TokenizeResponse' });

export const detokenizeRequestSchema = z
  .strictObject({
    model: nameSchema.nullish(),
    tokens: tokenIdsSchema.meta({ description: 'Their text may have as many bytes as a body.' }),
  })
  .meta({ id: 'DetokenizeRequest' });

export const detokenizeResponseSchema = z.object({ prompt: z.string() }).meta({ id: 'DetokenizeResponse' });

export type TokenizeBody = z.output<typeof tokenizeResponseSchema>;
export type DetokenizeBody = z.output<typeof detokenizeResponseSchema>;
