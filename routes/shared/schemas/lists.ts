import * as z from 'zod';
import { textSchema } from './bounds.ts';

/** A list whose entries are counted before one of them is looked at. */
export function boundedList<Item extends z.ZodType>(
  item: Item,
  maxEntries: number,
  minEntries = 0,
): z.ZodNonOptional<z.ZodPreprocess<z.ZodArray<Item>>> {
  const list = z
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
    }, z.array(item).min(minEntries))
    .meta({ maxItems: maxEntries });
  // A function before the schema could make something of nothing; this one does not.
  return z.nonoptional(list);
}

/** A text, or a list whose entries are counted before one of them is looked at. */
export const textOrList = <Item extends z.ZodType>(
  item: Item,
  maxEntries: number,
  minEntries = 0,
): z.ZodUnion<[z.ZodString, ReturnType<typeof boundedList<Item>>]> =>
  z.union([textSchema, boundedList(item, maxEntries, minEntries)]);
