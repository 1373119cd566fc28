import * as z from 'zod';
import type { TextEmbedding } from '../../../src/engine/client/texts/encode-prompts.ts';
import { JsonList, type WithLists } from '../../../src/json-pieces.ts';
import { countSchema, fittingCountSchema } from '../../shared/schemas/bounds.ts';
import { ignored, modelField, promptUsageSchema, timeoutField } from '../../shared/schemas/common-fields.ts';
import { manyPromptsSchema } from '../../shared/schemas/prompt.ts';

/** OpenAI's request for embeddings, with vLLM's `truncate_prompt_tokens`. */
export const embeddingRequestSchema = z
  .strictObject({
    model: modelField,
    input: manyPromptsSchema,
    encoding: z.literal('model').nullish().meta({
      description: "The token ids in `input` are of this model's own vocabulary; needed to send any.",
    }),
    encoding_format: z
      .enum(['float', 'base64'])
      .nullish()
      .meta({ default: 'float', description: '`base64`: float32, little-endian.' }),
    dimensions: countSchema.nullish().meta({
      description:
        'Only the first so many numbers, of length 1 again; of use if the model was trained for it (Matryoshka).',
    }),
    truncate_prompt_tokens: fittingCountSchema
      .nullish()
      .meta({ description: 'Keep the last so many tokens of each text; -1: as many as the context holds.' }),
    timeout_ms: timeoutField,
    user: ignored,
  })
  .meta({ id: 'EmbeddingRequest' });

const embeddingSchema = z.object({
  object: z.literal('embedding'),
  index: z.int(),
  embedding: z.union([z.array(z.number()), z.string()]).meta({
    description:
      "What the last block leaves of the text's tokens behind the final norm, pooled as the model's files say (by " +
      'default the mean), of length 1.',
  }),
});

export const embeddingResponseSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(embeddingSchema),
    model: z.string(),
    usage: promptUsageSchema,
  })
  .meta({ id: 'EmbeddingResponse' });

export type EmbeddingInput = z.output<typeof embeddingRequestSchema>;

/** Of a float32 that is written as a float64. */
const CHARACTERS_PER_NUMBER = 20;

export function toEmbeddingBody(
  model: string,
  embeddings: readonly TextEmbedding[],
  format: EmbeddingInput['encoding_format'],
): WithLists<z.output<typeof embeddingResponseSchema>> {
  const numTokens = embeddings.reduce((sum, { numTokens: count }) => sum + count, 0);
  return {
    object: 'list',
    data: new JsonList(
      function* () {
        for (const [index, { embedding }] of embeddings.entries()) {
          const numbers = format === 'base64' ? toBase64(embedding) : [...embedding];
          yield { object: 'embedding' as const, index, embedding: numbers };
        }
      },
      {
        length: embeddings.length,
        charactersPerItem: CHARACTERS_PER_NUMBER * (embeddings[0]?.embedding.length ?? 0),
      },
    ),
    model,
    usage: { prompt_tokens: numTokens, total_tokens: numTokens },
  };
}

/** float32, little-endian on every machine. */
function toBase64(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}
