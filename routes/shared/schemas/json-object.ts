import { z } from 'zod';

/** JSON of a client's own. The body's bounds are its bounds: its size, and the levels that it nests. */
const anyObject = z.record(z.string(), z.unknown());

export const jsonSchemaSchema = anyObject.meta({ description: 'A JSON Schema.' });
export const jsonObjectSchema = anyObject.meta({ description: 'Any JSON object.' });
