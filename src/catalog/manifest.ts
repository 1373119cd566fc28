import { join, posix } from 'node:path';
import * as z from 'zod';
import { EngineError } from '../errors.ts';
import { readModelText } from '../model-files.ts';
import { isRepository } from './model-id.ts';
import { isSafePath } from './safe-path.ts';

/** Written last into the folder of a pulled model; what it says was checked before it was written. */
export const MANIFEST_NAME = 'tokenflare-model.json';
/** A manifest has some 150 bytes a file; a larger one is none of ours. */
const MAX_MANIFEST_BYTES = 1 << 20;
/** A manifest of another kind has thousands. */
const MAX_ISSUES = 3;

const safePath = z.string().refine(isSafePath, 'is no path inside the folder');

const manifestFields = z.object({
  version: z.literal(1),
  repository: z.string().refine(isRepository, 'is not owner/name'),
  /** The commit that was pulled. */
  revision: z.string().regex(/^[0-9a-f]{40}$/, 'is no commit'),
  /** Path of the GGUF file in its repository; in the folder lies its last part. */
  file: safePath.optional(),
  pulled_at: z.iso.datetime(),
  files: z
    .array(
      z.object({
        path: safePath,
        size: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256'),
      }),
    )
    .min(1),
});

const manifestSchema = manifestFields.refine(
  ({ file, files }) => file === undefined || files.some(({ path }) => path === posix.basename(file)),
  'files: the GGUF file is not among them',
);

/** What was pulled: from where, which commit, and the files with their sizes in bytes and checksums. */
export type Manifest = z.infer<typeof manifestSchema>;

/**
 * The manifest of a model's folder; undefined where there is none.
 * @throws EngineError `weights_invalid` naming the file and the field
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const text = await readModelText(folder, MANIFEST_NAME, MAX_MANIFEST_BYTES);
  return text === undefined ? undefined : parseManifest(join(folder, MANIFEST_NAME), text);
}

function parseManifest(path: string, text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `it is not JSON: ${String(cause)}`, cause);
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, MAX_ISSUES)
    .map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw invalid(path, issues.join('; '), result.error);
}

function invalid(path: string, problem: string, cause?: unknown): EngineError {
  return new EngineError('weights_invalid', `${path}: ${problem}`, { cause });
}
