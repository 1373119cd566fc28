import * as z from 'zod';
import { clip, fieldOf } from '../../../src/values.ts';

/** Why there is no image, sound or file among the parts of a message. */
export const TEXT_ONLY = 'this service reads text only';

/** A schema of an object whose `type` is one word or one of several. */
type Tagged = z.core.$ZodTypeDiscriminable;

/**
 * Objects that their `type` tells apart.
 *
 * @param refusal why there is no other type here: the second half of the message about one
 */
export const taggedUnion = <Options extends readonly [Tagged, ...Tagged[]]>(
  types: readonly string[],
  options: Options,
  refusal: string,
): z.ZodDiscriminatedUnion<Options, 'type'> => {
  const union = z.discriminatedUnion('type', options, {
    // zod's type leaves out that it is asked of other issues as well.
    error: ({ code, input }: { code?: string | undefined; input?: unknown }) => {
      if (code !== 'invalid_union') return undefined;
      const type = fieldOf(input, 'type');
      const other = typeof type === 'string' ? `, not ${JSON.stringify(clip(type))}` : '';
      return `must be ${types.map((name) => `"${name}"`).join(' or ')}${other}: ${refusal}`;
    },
  });
  return options.length > 1 ? union : union.meta({ override: withoutUnionOfOne });
};

/** OpenAI's items without a type: what has a role is a message. */
export const withMessageType = (item: unknown): unknown =>
  typeof item === 'object' && item !== null && !('type' in item) && 'role' in item
    ? { ...item, type: 'message' }
    : item;

/** In the document, a union of one is that one. */
function withoutUnionOfOne({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const [only] = jsonSchema.oneOf ?? [];
  delete jsonSchema.oneOf;
  delete jsonSchema.discriminator;
  Object.assign(jsonSchema, only);
}
