import { z } from 'zod';

const text = z.string().optional();

export const tokenizeRequestSchema = z
  .strictObject({
    model: z.string().nullish(),
    prompt: text,
    text: text.meta({ description: 'Another name of `prompt`; exactly one of the two.' }),
    add_special_tokens: z.boolean().nullish().meta({ default: true }),
  })
  .meta({ id: 'TokenizeRequest' });

export const tokenizeResponseSchema = z
  .object({ tokens: z.array(z.int()), count: z.int(), max_model_len: z.int() })
  .meta({ id: 'TokenizeResponse' });

/** Bytes of text in one answer: a token may be long, and a list of tokens is short to send. */
export const MAX_DETOKENIZED_BYTES = 2 ** 20;

export const detokenizeRequestSchema = z
  .strictObject({
    model: z.string().nullish(),
    tokens: z
      .array(z.int().min(0))
      .meta({ description: `Their text has at most ${MAX_DETOKENIZED_BYTES} bytes.` }),
  })
  .meta({ id: 'DetokenizeRequest' });

export const detokenizeResponseSchema = z.object({ prompt: z.string() }).meta({ id: 'DetokenizeResponse' });

export type TokenizeBody = z.output<typeof tokenizeResponseSchema>;
export type DetokenizeBody = z.output<typeof detokenizeResponseSchema>;
