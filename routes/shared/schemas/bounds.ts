import * as z from 'zod';

/**
 * What the fields of requests have in common, each with its bound: what a request may cost is known from its schema.
 * `BODY_LIMIT` bounds them all together, and the model's own context, vocabulary and layers are looked at later.
 */

/** Most of what Node's timers take, in milliseconds, and more than any count of tokens. */
export const MAX_INT32 = 2 ** 31 - 1;
/** Longer than any context holds. */
export const MAX_TEXT_LENGTH = 2 ** 25;
/** Of a conversation; items, too. */
export const MAX_MESSAGES = 4096;
/** Of a message: texts, blocks. */
export const MAX_PARTS = 1024;
/** Of a message; OpenAI's. */
export const MAX_TOOL_CALLS = 128;
/** `chat_template_kwargs`. */
export const MAX_TEMPLATE_ARGUMENTS = 64;
/** No context holds more tokens. */
export const MAX_LIST_TOKENS = 2 ** 20;
/** Twice what a file system takes for the name of a folder. */
const MAX_NAME_LENGTH = 512;
/** OpenAI's. */
const MAX_METADATA = { pairs: 16, keyLength: 64, valueLength: 512 };

/** Of a model, a speaker, a function, a call. */
export const nameSchema = z.string().max(MAX_NAME_LENGTH);
export const textSchema = z.string().max(MAX_TEXT_LENGTH);
/** At least one of something. */
export const countSchema = z.int().min(1).max(MAX_INT32);
export const timeoutMsSchema = z.int().min(1).max(MAX_INT32);

/** -1 for as many tokens as there is room for, else at least one. */
export const fittingCountSchema = z
  .int()
  .min(-1)
  .max(MAX_INT32)
  .refine((value) => value !== 0, 'must be -1 or at least 1, not 0')
  .meta({ anyOf: [{ const: -1 }, { minimum: 1 }] });

/** Notes of a client's own, which the service does not read. */
export const metadataSchema = boundedRecord(
  z.string().max(MAX_METADATA.keyLength, `must be named by at most ${MAX_METADATA.keyLength} characters`),
  z.string().max(MAX_METADATA.valueLength),
  MAX_METADATA.pairs,
);

/** zod drops an entry of this name from a record, and reports nothing. */
const LOST_NAME = '__proto__';

/** A record whose entries are counted before one of them is looked at. */
export function boundedRecord<Key extends z.ZodString, Value extends z.ZodType>(
  key: Key,
  value: Value,
  maxEntries: number,
): z.ZodPreprocess<z.ZodRecord<Key, Value>> {
  return z
    .preprocess(
      (input, context) => {
        if (hasMoreKeys(input, maxEntries)) {
          context.issues.push({
            code: 'too_big',
            origin: 'record',
            maximum: maxEntries,
            inclusive: true,
            input,
          });
        }
        if (hasName(input, LOST_NAME)) {
          context.issues.push({ code: 'custom', message: `must not have an entry ${LOST_NAME}`, input });
        }
        return input;
      },
      z.record(key, value),
    )
    .meta({ maxProperties: maxEntries });
}

const hasName = (input: unknown, name: string): boolean =>
  typeof input === 'object' && input !== null && Object.hasOwn(input, name);

function hasMoreKeys(input: unknown, most: number): boolean {
  if (typeof input !== 'object' || input === null) return false;
  let count = 0;
  for (const key in input) if (Object.hasOwn(input, key) && ++count > most) return true;
  return false;
}

/** Longest that a request may take, in milliseconds, its model's load included. */
export const totalTimeoutMs = (askedMs: number | null | undefined, requestTimeoutMs: number): number =>
  Math.min(askedMs ?? requestTimeoutMs, requestTimeoutMs);
