import { z } from 'zod';
import { parseFields, tokenIds } from './model-config.ts';

const generationConfigSchema = z.object({ eos_token_id: tokenIds });

/**
 * The tokens that generation_config.json, already parsed, says to stop at.
 * @throws EngineError `config_invalid` naming the field
 */
export function generationEosTokenIds(json: unknown): readonly number[] {
  return [parseFields(generationConfigSchema, json, 'generation_config.json').eos_token_id ?? []].flat();
}
