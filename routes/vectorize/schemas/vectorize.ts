import * as z from 'zod';
import { LIMITS } from '../../../src/vectors/limits.ts';
import { INDEX_NAME } from '../../../src/vectors/index-name.ts';
import { RETURN_METADATA } from '../../../src/vectors/query.ts';
import { METRICS, PROPERTY_TYPES, type IndexConfig } from '../../../src/vectors/vector-types.ts';
import { jsonObjectSchema } from '../../shared/schemas/json-object.ts';

/** Fields as Cloudflare names them. What it does not know it ignores, and so do these. */

/** Several times a good one: its true bound is one of the index, with an error of its own. */
const MAX_LISTED_NUMBERS = 8 * LIMITS.dimensions;
const MAX_LISTED_IDS = 8 * LIMITS.idsToDelete;
/** Of an id in a query; longer ones are of no vector. */
const MAX_TEXT_LENGTH = 512;
const MAX_DESCRIPTION_LENGTH = 1024;

export const querySchema = z
  .object({
    vector: z
      .array(z.number())
      .max(MAX_LISTED_NUMBERS)
      .optional()
      .meta({ description: 'As many numbers as the index has dimensions.' }),
    vectorId: z
      .string()
      .max(MAX_TEXT_LENGTH)
      .optional()
      .meta({ description: 'In place of `vector`: the id of a vector of the index.' }),
    topK: z
      .number()
      .optional()
      .meta({
        description: `At most ${LIMITS.topK}, with values or all metadata ${LIMITS.topKWithAll}.`,
        default: LIMITS.defaultTopK,
      }),
    namespace: z.string().max(MAX_TEXT_LENGTH).optional(),
    returnValues: z.boolean().optional(),
    returnMetadata: z.enum(RETURN_METADATA).optional(),
    filter: jsonObjectSchema.optional().meta({
      description:
        'Any JSON object of conditions that all must hold, by properties that have a metadata index: a value, or an object ' +
        'with `$eq`, `$ne`, `$in` or `$nin`, or with bounds `$lt`, `$lte`, `$gt`, `$gte`.',
    }),
  })
  .meta({ id: 'VectorizeQuery' });

export const idsSchema = z
  .object({ ids: z.array(z.string().max(MAX_TEXT_LENGTH)).max(MAX_LISTED_IDS) })
  .meta({ id: 'VectorizeIds' });

const dimensions = z.int().min(1).max(LIMITS.dimensions);
const metric = z.enum(METRICS);

/** What Cloudflare makes of the name of a model. */
const PRESETS = {
  '@cf/baai/bge-small-en-v1.5': { dimensions: 384, metric: 'cosine' },
  '@cf/baai/bge-base-en-v1.5': { dimensions: 768, metric: 'cosine' },
  '@cf/baai/bge-large-en-v1.5': { dimensions: 1024, metric: 'cosine' },
  'openai/text-embedding-ada-002': { dimensions: 1536, metric: 'cosine' },
  'cohere/embed-multilingual-v2.0': { dimensions: 768, metric: 'dot-product' },
} as const;

export const createIndexSchema = z
  .object({
    name: z
      .string()
      .regex(INDEX_NAME, 'must have 1 to 64 letters, digits, - and _, and begin with a letter or a digit'),
    description: z.string().max(MAX_DESCRIPTION_LENGTH).optional(),
    config: z.union([
      z.object({ dimensions, metric }),
      z.object({ preset: z.enum(Object.keys(PRESETS) as (keyof typeof PRESETS)[]) }),
    ]),
  })
  .meta({ id: 'VectorizeIndexCreate' });

export function toIndexConfig({
  name,
  description = '',
  config,
}: z.output<typeof createIndexSchema>): IndexConfig {
  const { dimensions, metric } = 'preset' in config ? PRESETS[config.preset] : config;
  return { name, description, dimensions, metric, createdOn: new Date().toISOString() };
}

export const indexSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    config: z.object({ dimensions, metric }),
    created_on: z.string(),
    modified_on: z.string(),
  })
  .meta({ id: 'VectorizeIndex' });

export const toIndexBody = ({
  name,
  description,
  dimensions,
  metric,
  createdOn,
}: IndexConfig): z.output<typeof indexSchema> => ({
  name,
  description,
  config: { dimensions, metric },
  created_on: createdOn,
  // It never changes.
  modified_on: createdOn,
});

const propertyName = z
  .string()
  .min(1)
  .max(LIMITS.propertyCharacters)
  .regex(/^[^$"|][^"|]*$/, 'must neither begin with $ nor contain " or |')
  .refine((name) => !/\p{Surrogate}/u.test(name), 'has half of a surrogate pair, which is no text');

export const createMetadataIndexSchema = z
  .object({ propertyName, indexType: z.enum(PROPERTY_TYPES) })
  .meta({ id: 'VectorizeMetadataIndex' });

export const deleteMetadataIndexSchema = z
  .object({ propertyName })
  .meta({ id: 'VectorizeMetadataIndexName' });

/** Of `list`. */
export const listQuerySchema = z.object({
  count: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `must be a whole number from 1 to ${LIMITS.listed}`)
    .refine((text) => Number(text) <= LIMITS.listed, `must be at most ${LIMITS.listed}`)
    .optional()
    .meta({ default: `${LIMITS.defaultListed}` }),
  cursor: z.string().max(MAX_TEXT_LENGTH).optional(),
});

/** Of `insert` and `upsert`. */
export const putQuerySchema = z.object({
  'unparsable-behavior': z
    .enum(['error', 'discard'])
    .optional()
    .meta({
      description: '`discard`: lines that cannot be read are left out; by default they are an error.',
      default: 'error',
      param: { id: 'unparsable-behavior' },
    }),
});

export const mutationSchema = z
  .object({ mutationId: z.string() })
  .meta({ id: 'VectorizeMutation', description: 'It is done: what comes after sees it.' });

const foundVector = {
  id: z.string(),
  namespace: z.string().optional(),
  values: z.array(z.number()).optional(),
  metadata: z.unknown().optional(),
};

export const matchesSchema = z
  .object({ count: z.int(), matches: z.array(z.object({ ...foundVector, score: z.number() })) })
  .meta({ id: 'VectorizeMatches' });

export const vectorsSchema = z.array(z.object(foundVector)).meta({ id: 'VectorizeVectors' });

export const infoSchema = z
  .object({
    vectorCount: z.int(),
    dimensions,
    processedUpToDatetime: z.string().nullable(),
    processedUpToMutation: z.string().nullable(),
  })
  .meta({ id: 'VectorizeIndexInfo' });

export const metadataIndexesSchema = z
  .object({ metadataIndexes: z.array(createMetadataIndexSchema) })
  .meta({ id: 'VectorizeMetadataIndexes' });

export const listSchema = z
  .object({
    count: z.int(),
    totalCount: z.int(),
    isTruncated: z.boolean(),
    nextCursor: z.string().nullable(),
    cursorExpirationTimestamp: z.string().nullable(),
    vectors: z.array(z.object({ id: z.string() })),
  })
  .meta({ id: 'VectorizeVectorList' });

/** Cloudflare's envelope. */
export const enveloped = (result: z.ZodType): z.ZodType =>
  z.object({
    result,
    success: z.literal(true),
    errors: z.array(z.never()),
    messages: z.array(z.string()),
  });
