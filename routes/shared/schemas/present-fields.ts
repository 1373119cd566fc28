import type * as z from 'zod';

/** What zod hands on: a value on its way, and what is wrong with it. */
interface Payload {
  value: unknown;
  issues: z.core.$ZodRawIssue[];
}

/**
 * Makes a schema of many optional fields read only those that a body has. Zod runs every field of the shape, present or
 * not: with ninety fields this was 2 to 4 % of a small request (docs/benchmarks.md). A body with a fault is read once
 * more by zod itself, so that its complaints are zod's own.
 *
 * @returns the same schema
 */
export function readPresentFields<Shape extends z.core.$ZodShape, Config extends z.core.$ZodObjectConfig>(
  schema: z.ZodObject<Shape, Config>,
): z.ZodObject<Shape, Config> {
  const internals = schema._zod;
  const readAll = internals.parse.bind(internals);
  const isUnchecked = internals.run === internals.parse;
  const shape: z.core.$ZodShape = schema.shape;
  /** Fields that must be there, or that mean something by their absence. */
  let needed: readonly string[] | undefined;
  const parse: typeof readAll = (payload, context) => {
    needed ??= Object.keys(shape).filter((key) => !isPlainlyOptional(shape[key]));
    const read = isRecord(payload.value) ? readPresent(payload.value, shape, needed, context) : undefined;
    if (read === undefined) return readAll(payload, context);
    payload.value = read;
    return payload;
  };
  internals.parse = parse;
  if (isUnchecked) internals.run = parse;
  return schema;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An absent field of this kind leaves nothing behind and lacks nothing. */
const isPlainlyOptional = (field: z.core.$ZodType | undefined): boolean =>
  field?._zod.optin === 'optional' && field._zod.optout === 'optional';

/** Undefined where zod has to read the body. */
function readPresent(
  body: Record<string, unknown>,
  shape: z.core.$ZodShape,
  needed: readonly string[],
  context: z.core.ParseContextInternal,
): Record<string, unknown> | undefined {
  if (needed.some((key) => !Object.hasOwn(body, key))) return undefined;
  const read: Record<string, unknown> = {};
  for (const key of Object.keys(body)) {
    const field = Object.hasOwn(shape, key) ? shape[key] : undefined;
    const result = field?._zod.run({ value: body[key], issues: [] } satisfies Payload, context);
    if (result === undefined || result instanceof Promise || result.issues.length > 0) return undefined;
    read[key] = result.value;
  }
  return read;
}
