import * as z from 'zod';
import { EngineError } from '../errors.ts';
import type { NewKey } from './edit-keys.ts';
import { keyNameSchema, limitSchema, modelIdsSchema } from './key-file.ts';

/** The flags of `tokenflare keys create`, as they were written. */
export interface KeyFlags {
  admin?: boolean | undefined;
  'requests-per-minute'?: string | undefined;
  'tokens-per-minute'?: string | undefined;
  concurrency?: string | undefined;
  models?: string | undefined;
  expires?: string | undefined;
}

const count = z
  .string()
  .regex(/^\d+$/, 'must be a whole number')
  .transform(Number)
  .pipe(limitSchema)
  .optional();

/** A date is its first moment in UTC. */
const expiry = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'must be a date like 2027-01-31, or a time like 2027-01-31T12:00:00Z',
  })
  .transform((text) => new Date(text))
  .optional();

const flagsSchema = z.object({
  'requests-per-minute': count,
  'tokens-per-minute': count,
  concurrency: count,
  models: z
    .string()
    .transform((text) => text.split(',').map((id) => id.trim()))
    .pipe(modelIdsSchema)
    .optional(),
  expires: expiry,
});

/**
 * What a key is to be, from a name and flags.
 *
 * @throws EngineError `invalid_request` naming the flag and what it may be
 */
export function parseNewKey(name: string, flags: KeyFlags, now: Date = new Date()): NewKey {
  const named = keyNameSchema.safeParse(name);
  if (!named.success) throw invalid('NAME', name, named.error.issues[0]?.message);
  const parsed = flagsSchema.safeParse(flags);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const flag = String(issue?.path[0]) as keyof KeyFlags;
    throw invalid(`--${flag}`, String(flags[flag]), issue?.message);
  }
  const { models, expires, concurrency, ...limits } = parsed.data;
  const { 'requests-per-minute': requestsPerMinute, 'tokens-per-minute': tokensPerMinute } = limits;
  if (expires !== undefined && expires <= now)
    throw invalid('--expires', flags.expires ?? '', 'must lie in the future');
  return {
    name,
    isAdmin: flags.admin ?? false,
    limits: {
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
      ...(concurrency === undefined ? {} : { concurrency }),
    },
    models,
    expiresAt: expires?.toISOString(),
  };
}

const invalid = (what: string, text: string, reason = 'is not valid'): EngineError =>
  new EngineError('invalid_request', `${what} is '${text.slice(0, 200)}': ${reason}`);
