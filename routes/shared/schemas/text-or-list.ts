import { z } from 'zod';
import { textSchema } from './bounds.ts';

/**
 * A text, or a list whose entries are counted before one of them is looked at. The count stands outside of the union,
 * whose field would else be optional in the published schema.
 */
export const textOrList = <Item extends z.ZodType>(
  item: Item,
  maxEntries: number,
  minEntries = 0,
): z.ZodPreprocess<z.ZodUnion<[z.ZodString, z.ZodArray<Item>]>> =>
  z.preprocess(
    (input, context) => {
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
    },
    z.union([textSchema, z.array(item).min(minEntries).max(maxEntries)]),
  );
