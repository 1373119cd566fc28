import { randomUUID } from 'node:crypto';
import { chown, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { EngineError } from '../errors.ts';
import { hasCode, messageOf } from '../values.ts';
import { KEY_ID } from './api-key.ts';
import type { KeyLimits } from './principal.ts';

/** A key of the file, without its secret. */
export interface StoredKey {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the whole key, in hexadecimal digits. */
  readonly sha256: string;
  readonly isAdmin: boolean;
  readonly limits: KeyLimits;
  /** Ids of the models it may use; undefined: all. */
  readonly models: readonly string[] | undefined;
  /** ISO 8601, as all its times. */
  readonly createdAt: string;
  /** It is refused from then on. */
  readonly expiresAt: string | undefined;
  readonly revokedAt: string | undefined;
}

/** Some 300 bytes a key. */
const MAX_FILE_BYTES = 4 << 20;
const MAX_KEYS = 10_000;
const MAX_COUNT = 1_000_000_000;
const MAX_MODELS = 100;
/** New files are their owner's alone; what an operator opened to a group stays so. */
const NEW_MODE = 0o600;
const KEPT_MODE = 0o644;

export const keyNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][\w.@-]{0,63}$/, 'may hold letters, digits, and . @ _ -, at most 64 of them')
  .refine((name) => !KEY_ID.test(name), 'has the form of an id');

export const limitSchema = z.int().min(1).max(MAX_COUNT);

export const modelIdsSchema = z
  .array(z.string().regex(/^[\w@./:-]{1,200}$/, 'is no model id'))
  .min(1)
  .max(MAX_MODELS);

const time = z.iso.datetime();

// Strict: a limit whose name is misspelt would be none.
const keySchema = z.strictObject({
  id: z.string().regex(KEY_ID, 'is no id'),
  name: keyNameSchema,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256'),
  admin: z.boolean(),
  requests_per_minute: limitSchema.optional(),
  tokens_per_minute: limitSchema.optional(),
  concurrency: limitSchema.optional(),
  models: modelIdsSchema.optional(),
  created_at: time,
  expires_at: time.optional(),
  revoked_at: time.optional(),
});

const fileSchema = z
  .strictObject({ version: z.literal(1), keys: z.array(keySchema).max(MAX_KEYS) })
  .refine(({ keys }) => isUnique(keys.map(({ id }) => id)), 'keys: two have the same id')
  .refine(
    ({ keys }) => isUnique(keys.filter((key) => key.revoked_at === undefined).map(({ name }) => name)),
    'keys: two that are not revoked have the same name',
  );

const isUnique = (values: readonly string[]): boolean => new Set(values).size === values.length;

/**
 * The keys of a file; undefined where there is none.
 * @throws EngineError `config_invalid` naming the file and what is wrong with it
 */
export async function readKeyFile(path: string): Promise<StoredKey[] | undefined> {
  try {
    const found = await stat(path);
    // Asked first: to open a pipe waits for its writer, for good perhaps.
    if (!found.isFile()) throw invalid(path, 'it is not a file');
    if (found.size > MAX_FILE_BYTES) throw invalid(path, `it has more than ${MAX_FILE_BYTES} bytes`);
    return parseKeyFile(path, await readFile(path, 'utf8'));
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    if (cause instanceof EngineError) throw cause;
    throw invalid(path, `it cannot be read: ${messageOf(cause)}`);
  }
}

function parseKeyFile(path: string, text: string): StoredKey[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message quotes the text.
    throw invalid(path, 'it is not JSON');
  }
  const result = fileSchema.safeParse(json);
  if (result.success) return result.data.keys.map(toStoredKey);
  const [issue] = result.error.issues;
  throw invalid(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/**
 * Writes a file of keys in one step: a reader sees the old one or the new one.
 * @throws EngineError `config_invalid` when it cannot be written, or would hold too many keys
 */
export async function writeKeyFile(path: string, keys: readonly StoredKey[]): Promise<void> {
  if (keys.length > MAX_KEYS)
    throw invalid(path, `it holds ${MAX_KEYS} keys at most; take revoked ones out of it`);
  // A link stays a link.
  const target = await realpath(path).catch(() => path);
  const before = await stat(target).catch(() => undefined);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}`);
  const text = `${JSON.stringify({ version: 1, keys: keys.map(toFields) }, undefined, 2)}\n`;
  const mode = before === undefined ? NEW_MODE : before.mode & KEPT_MODE;
  try {
    await writeFile(temporary, text, { flag: 'wx', flush: true, mode });
    // The service may run as another user than who edits its keys.
    if (before !== undefined && before.uid !== process.getuid?.())
      await chown(temporary, before.uid, before.gid);
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw invalid(path, `it cannot be written: ${messageOf(cause)}`);
  }
}

function toStoredKey(fields: z.infer<typeof keySchema>): StoredKey {
  const { requests_per_minute: requestsPerMinute, tokens_per_minute: tokensPerMinute, concurrency } = fields;
  return {
    id: fields.id,
    name: fields.name,
    sha256: fields.sha256,
    isAdmin: fields.admin,
    limits: {
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
      ...(concurrency === undefined ? {} : { concurrency }),
    },
    models: fields.models,
    createdAt: fields.created_at,
    expiresAt: fields.expires_at,
    revokedAt: fields.revoked_at,
  };
}

function toFields({ limits, ...key }: StoredKey): z.infer<typeof keySchema> {
  return {
    id: key.id,
    name: key.name,
    sha256: key.sha256,
    admin: key.isAdmin,
    requests_per_minute: limits.requestsPerMinute,
    tokens_per_minute: limits.tokensPerMinute,
    concurrency: limits.concurrency,
    models: key.models === undefined ? undefined : [...key.models],
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    revoked_at: key.revokedAt,
  };
}

const invalid = (path: string, problem: string): EngineError =>
  new EngineError('config_invalid', `KEYS_FILE ${path}: ${problem}`);
