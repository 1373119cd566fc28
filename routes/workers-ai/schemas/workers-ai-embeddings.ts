import * as z from 'zod';
import type { EmbeddingRequest, TextEmbedding } from '../../../src/engine/client/texts/encode-prompts.ts';
import { invalidField } from '../../../src/errors.ts';
import { MAX_TEXT_LENGTH, textSchema } from '../../shared/schemas/bounds.ts';
import { promptUsageSchema } from '../../shared/schemas/common-fields.ts';

/** Cloudflare's. */
const MAX_TEXTS = 100;

const embeddedText = z.string().min(1).max(MAX_TEXT_LENGTH);

const textsSchema = z
  .union([embeddedText, z.array(embeddedText).min(1).max(MAX_TEXTS)], {
    error: `must be a text, or a list of 1 to ${MAX_TEXTS} texts; none may be empty`,
  })
  .nullish();

/** Cloudflare's text embeddings. */
export const workersAiEmbeddingRequestSchema = z
  .strictObject({
    text: textsSchema.meta({ description: 'One text or several.' }),
    queries: textsSchema.meta({
      description: 'Texts with the instruction before each, as Qwen3-Embedding has it.',
    }),
    documents: textsSchema.meta({ description: 'Texts that queries are to find, as they are.' }),
    instruction: textSchema
      .nullish()
      .meta({ description: 'What the queries are for; by default a search of the web.' }),
    contexts: z
      .array(z.strictObject({ text: embeddedText }))
      .min(1)
      .max(MAX_TEXTS)
      .nullish()
      .meta({
        description:
          'Texts, of which the answer has the embeddings as `response`. With `query` they are ranked.',
      }),
    pooling: z
      .enum(['mean', 'cls'])
      .nullish()
      .meta({
        description:
          "By default as the model's files say. `cls`: by the one token that stands for the whole text, which is the first " +
          'of a model that has it so, and else the last.',
      }),
    truncate_inputs: z
      .boolean()
      .nullish()
      .meta({ default: false, description: 'Keep the end of a text that the context does not hold.' }),
  })
  .meta({
    id: 'WorkersAiEmbeddingRequest',
    description: 'Either `text`, or `contexts`, or `queries` and `documents`.',
  });

export type WorkersAiEmbeddingInput = z.output<typeof workersAiEmbeddingRequestSchema>;

const embeddingsSchema = z
  .array(z.array(z.number()))
  .meta({ description: 'An embedding for each text, of length 1; those of queries first.' });

export const workersAiEmbeddingResultSchema = z
  .object({
    shape: z.array(z.int()).length(2).meta({ description: 'Texts, and numbers of each.' }),
    data: embeddingsSchema.optional(),
    response: embeddingsSchema.optional().meta({ description: 'Of `contexts`, in place of `data`.' }),
    pooling: z
      .enum(['mean', 'cls'])
      .optional()
      .meta({ description: 'Unless the model has another of its own.' }),
    usage: promptUsageSchema,
  })
  .meta({ id: 'WorkersAiEmbeddingResult' });

export const workersAiEmbeddingResponseSchema = z
  .object({
    result: workersAiEmbeddingResultSchema,
    success: z.literal(true),
    errors: z.array(z.never()),
    messages: z.array(z.string()),
  })
  .meta({ id: 'WorkersAiEmbeddingResponse' });

export type WorkersAiEmbeddingResult = z.output<typeof workersAiEmbeddingResultSchema>;

/** Of Qwen3-Embedding's model card. */
const DEFAULT_INSTRUCTION = 'Given a web search query, retrieve relevant passages that answer the query';

const FIELDS = ['text', 'contexts', 'queries', 'documents'] as const;

const listOf = (texts: string | readonly string[] | null | undefined): readonly string[] =>
  typeof texts === 'string' ? [texts] : (texts ?? []);

/** @throws EngineError `invalid_request` for no texts, or for texts in fields that do not go together */
export function toEmbeddingTexts(
  input: WorkersAiEmbeddingInput,
): Pick<EmbeddingRequest, 'texts' | 'truncateTo' | 'pooling'> {
  const { text, contexts, queries, documents, instruction } = input;
  const [field, ...others] = FIELDS.filter((name) => (input[name] ?? undefined) !== undefined);
  if (field === undefined)
    throw invalidField('text', 'is required, or queries, documents or contexts in its place');
  const [other] = others;
  if (other !== undefined && field !== 'queries') {
    throw invalidField(other, `does not go with ${field}; send one of them`);
  }
  if (typeof instruction === 'string' && field !== 'queries') {
    throw invalidField('instruction', 'goes with queries');
  }
  const before = `Instruct: ${instruction ?? DEFAULT_INSTRUCTION}\nQuery:`;
  return {
    texts: [
      ...listOf(text),
      ...(contexts ?? []).map((context) => context.text),
      ...listOf(queries).map((query) => before + query),
      ...listOf(documents),
    ],
    truncateTo: input.truncate_inputs === true ? 'fit' : undefined,
    pooling: input.pooling === 'cls' ? 'token' : (input.pooling ?? undefined),
  };
}

/** @param own how the model pools if it is not asked otherwise */
export function toEmbeddingResult(
  { contexts, pooling: asked }: WorkersAiEmbeddingInput,
  embeddings: readonly TextEmbedding[],
  own: string,
): WorkersAiEmbeddingResult {
  const numTokens = embeddings.reduce((sum, { numTokens: count }) => sum + count, 0);
  const vectors = embeddings.map(({ embedding }) => [...embedding]);
  const pooling = asked ?? own;
  return {
    shape: [embeddings.length, embeddings[0]?.embedding.length ?? 0],
    ...(contexts ? { response: vectors } : { data: vectors }),
    ...(pooling === 'mean' || pooling === 'cls' ? { pooling } : {}),
    usage: { prompt_tokens: numTokens, total_tokens: numTokens },
  };
}
