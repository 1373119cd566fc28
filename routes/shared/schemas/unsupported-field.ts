import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';

/**
 * A field that is not supported.
 * @param neutral the values, beside null, by which a client says that it does not want the thing
 * @param complaint goes on after the field's name
 */
export function unsupported(neutral: readonly unknown[], complaint: string): z.ZodOptional<z.ZodUnknown> {
  const allowed: readonly unknown[] = [null, ...neutral];
  return z
    .unknown()
    .refine(
      (value) => value === undefined || allowed.some((one) => isDeepStrictEqual(value, one)),
      `is not supported: ${complaint}`,
    )
    .optional()
    .meta({
      description: `Not supported: ${complaint}.`,
      override: { enum: [...allowed] },
    });
}
