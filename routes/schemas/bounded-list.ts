import { z } from 'zod';

/** A list whose entries are counted before one of them is looked at. */
export function boundedList<Item extends z.ZodType>(
  item: Item,
  maxEntries: number,
): z.ZodPreprocess<z.ZodArray<Item>> {
  return z
    .preprocess((input, context) => {
      if (Array.isArray(input) && input.length > maxEntries) {
        context.issues.push({
          code: 'too_big',
          origin: 'array',
          maximum: maxEntries,
          inclusive: true,
          input,
        });
      }
      return input;
    }, z.array(item))
    .meta({ maxItems: maxEntries });
}
