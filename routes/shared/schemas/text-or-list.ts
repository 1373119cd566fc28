import { z } from 'zod';
import { boundedList } from './bounded-list.ts';
import { textSchema } from './bounds.ts';

/** A text, or a list whose entries are counted before one of them is looked at. */
export const textOrList = <Item extends z.ZodType>(
  item: Item,
  maxEntries: number,
  minEntries = 0,
): z.ZodUnion<[z.ZodString, ReturnType<typeof boundedList<Item>>]> =>
  z.union([textSchema, boundedList(item, maxEntries, minEntries)]);
