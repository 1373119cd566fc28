import { z } from 'zod';
import { invalidField } from '../../../src/errors.ts';
import { nameSchema } from '../../shared/schemas/bounds.ts';
import { storedItemSchema } from './response-items.ts';
import { hasId, readItem } from './turn.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** Query parameters are texts. */
export const inputItemQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).optional().meta({ default: DEFAULT_LIMIT }),
  order: z.enum(['asc', 'desc']).optional().meta({ default: 'desc', description: 'By age.' }),
  after: nameSchema.optional().meta({ description: 'The id of the last item of the page before.' }),
});

export const inputItemListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(storedItemSchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({ id: 'ResponseItemList' });

/**
 * A page of items, as OpenAI has it. Only those of the page are read.
 *
 * @param items JSON of each by `packText`, the oldest first
 * @throws EngineError `invalid_request` for an `after` that is none of them
 */
export function toInputItemList(
  items: readonly string[],
  { limit = DEFAULT_LIMIT, order = 'desc', after }: z.output<typeof inputItemQuerySchema>,
): z.output<typeof inputItemListSchema> {
  const ordered = order === 'asc' ? items : items.toReversed();
  const afterIndex = after === undefined ? -1 : ordered.findIndex((text) => hasId(text, after));
  if (after !== undefined && afterIndex === -1) throw invalidField('after', 'is the id of none of the items');
  const data = ordered.slice(afterIndex + 1, afterIndex + 1 + limit).map(readItem);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: afterIndex + 1 + limit < ordered.length,
  };
}
