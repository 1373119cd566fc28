import * as z from 'zod';
import { EngineError } from '../errors.ts';

/** The shape of a model and what it needs to know of its tokens, whatever its architecture. */
export interface ModelConfig {
  /** As config.json's `model_type` has it. */
  architecture: string;
  vocabSize: number;
  /** Tokens a sequence may hold, prompt and completion together. */
  contextLength: number;
  dim: number;
  numHeads: number;
  /** Heads of keys and values. */
  numKvHeads: number;
  headDim: number;
  numLayers: number;
  /** Where layers differ. */
  layers?: readonly { readonly window: number | undefined }[];
  mlpDim: number;
  /** The output head is the token embedding itself. */
  tiedHead: boolean;
  bosTokenId: number | undefined;
  /** Any of these ends a sequence. */
  eosTokenIds: readonly number[];
}

/** Fields that config.json files share. */
export const size = z.int().positive();
/** Shapes are listed for each layer before any tensor is looked at, so that their number is bounded. */
export const layerCount = z.int().positive().max(4096);
export const tokenId = z.int().nonnegative();
/** Tokens see none behind them; where a file says otherwise it is no model that goes on with a text. */
export const causal = z.literal(true).nullish();
export const tokenIds = z.union([tokenId, z.array(tokenId)]).nullish();

/**
 * A config.json by the schema of its architecture.
 * @throws EngineError `config_invalid` naming the fields
 */
export function parseFields<T>(schema: z.ZodType<T>, json: unknown, what = 'config.json'): T {
  const fields = schema.safeParse(json, {
    error: ({ input }) => (input === undefined ? 'it is missing' : undefined),
  });
  if (fields.success) return fields.data;
  const issues = fields.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw invalidConfig(`${what}: ${issues.join('; ')}`);
}

/**
 * The width of one head.
 * @throws EngineError `config_invalid` when the heads do not divide the width
 */
export function headDimOf(dim: number, numHeads: number): number {
  if (dim % numHeads !== 0) {
    throw invalidConfig(
      `the number of heads must divide the width: ${dim} is not a multiple of ${numHeads} heads`,
    );
  }
  return dim / numHeads;
}

/** Throws `config_invalid` for a token that the model does not embed. */
export function checkEmbeddedIds(ids: readonly number[], vocabSize: number): void {
  for (const id of ids) {
    if (id >= vocabSize) throw invalidConfig(`token id ${id} lies outside the vocabulary of ${vocabSize}`);
  }
}

export function invalidConfig(message: string): EngineError {
  return new EngineError('config_invalid', message);
}
