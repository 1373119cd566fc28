import * as z from 'zod';
import { isRecord } from '../../../src/values.ts';

/**
 * JSON of a client's own. The body's bounds are its bounds: its size, and the levels that it nests. `z.record` would copy it,
 * name by name: a tenth of a second for 65,536 of them.
 */
const anyObject = z
  .custom<Record<string, unknown>>()
  .meta({ override: { type: 'object', additionalProperties: {} } })
  .check(({ value, issues }) => {
    if (!isRecord(value)) issues.push({ code: 'invalid_type', expected: 'record', input: value });
  });

export const jsonObjectSchema = anyObject.meta({ description: 'Any JSON object.' });

/** Of a value that is an object: no API takes true or false in its place. */
export const jsonSchemaSchema = anyObject.meta({ description: 'A JSON Schema.' });

/** A JSON Schema may also be true or false. What of it can be enforced is checked when it is compiled. */
export const isJsonSchema = (value: unknown): boolean => typeof value === 'boolean' || isRecord(value);

export const anyJsonSchemaSchema = z
  .unknown()
  .refine(isJsonSchema, 'must be a JSON Schema: an object, true or false')
  .meta({ description: 'A JSON Schema.', override: { type: ['object', 'boolean'] } });
