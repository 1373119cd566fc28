/**
 * What an API calls the fields that errors speak of, by the names that OpenAI's completions and chats have for them; '' for
 * one that it has nothing like.
 */
export type FieldNames = ReadonlyMap<string, string>;

const NO_OTHERS: FieldNames = new Map();

/** Of the private use area, around a name. */
const MENTION = /\uE000([^\uE000-\uE002]{0,80})\uE001([^\uE000-\uE002]{0,80})\uE002/g;
const BEGINS_MENTION = '\uE000';

/**
 * A field's name in the message of an EngineError: the client reads what its API calls the field.
 *
 * @param before goes before the name, and is left out with it
 */
export const fieldName = (name: string, before = ''): string => `\uE000${before}\uE001${name}\uE002`;

/** A message with the fields as an API calls them. */
export function withFieldNames(message: string, names = NO_OTHERS): string {
  // In an overload most messages name no field, and a search by the pattern takes longer.
  if (!message.includes(BEGINS_MENTION)) return message;
  return message.replaceAll(MENTION, (_, before: string, name: string) => {
    const own = names.get(name) ?? name;
    return own === '' ? '' : before + own;
  });
}
