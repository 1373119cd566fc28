import * as z from 'zod';
import { EngineError } from '../errors.ts';
import type { Checksum } from './file-hash.ts';
import { brokenConnection, type Hub } from './hub.ts';

export interface HubFile {
  /** In the repository, as the hub wrote it: not to be joined to a folder before it was checked. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly checksum: Checksum;
}

const COMMIT = /^[0-9a-f]{40}$/;
/** Enough for every repository that is one model, and an end for a listing that has none. */
const MAX_FILES = 20_000;

const fileSchema = z.object({
  path: z.string(),
  size: z.int().nonnegative(),
  oid: z.string().regex(COMMIT),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).optional(),
});

/**
 * The commit that a branch, a tag or a commit of a repository is.
 * @throws EngineError as `Hub.fetch`; `weights_invalid` when the hub names another commit than the one asked for
 */
export async function resolveCommit(hub: Hub, repository: string, revision: string): Promise<string> {
  // Loaded when first needed, as the service never pulls.
  const { modelInfo } = await import('@huggingface/hub');
  const { endpoint: hubUrl, fetch } = hub;
  const info = await whole(
    hub,
    modelInfo({ name: repository, revision, additionalFields: ['sha'], hubUrl, fetch }),
  );
  const commit: unknown = info.sha;
  if (typeof commit !== 'string' || !COMMIT.test(commit))
    throw invalid(`${hub.endpoint} names no commit for revision '${revision}' of ${repository}`);
  if (COMMIT.test(revision) && commit !== revision)
    throw invalid(`${hub.endpoint} has commit ${commit} of ${repository} where ${revision} was asked for`);
  return commit;
}

/**
 * All files of a commit, with the sizes and checksums that the hub keeps of them.
 * @throws EngineError as `Hub.fetch`; `weights_invalid` when the listing is not one
 */
export async function listRepository(hub: Hub, repository: string, commit: string): Promise<HubFile[]> {
  const { listFiles } = await import('@huggingface/hub');
  const { endpoint: hubUrl, fetch } = hub;
  const entries = listFiles({ repo: repository, revision: commit, recursive: true, hubUrl, fetch });
  const files: HubFile[] = [];
  const collect = async (): Promise<void> => {
    let numEntries = 0;
    for await (const entry of entries) {
      if (++numEntries > MAX_FILES) throw invalid(`${repository} has more than ${MAX_FILES} files`);
      if (entry.type === 'file') files.push(toHubFile(repository, entry));
    }
  };
  await whole(hub, collect());
  return files;
}

/** What is no error of ours is an answer that broke off, or is not what the library takes it for. */
async function whole<T>(hub: Hub, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof EngineError ? error : brokenConnection(new URL(hub.endpoint).host, error);
  }
}

function toHubFile(repository: string, entry: unknown): HubFile {
  const result = fileSchema.safeParse(entry);
  if (!result.success) {
    const issues = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw invalid(`the listing of ${repository} is not sound: ${issues.join('; ')}`);
  }
  const { path, size, oid, lfs } = result.data;
  return lfs === undefined
    ? { path, size, checksum: { algorithm: 'git-sha1', hex: oid } }
    : { path, size: lfs.size, checksum: { algorithm: 'sha256', hex: lfs.oid } };
}

/**
 * The bytes of a file from `start` on. Not by the library's `downloadFile`: its blob takes no signal, and loses the
 * status of a request that failed (hub 2.17, `WebBlob.stream`).
 * @throws EngineError as `Hub.fetch`
 */
export function openFile(
  hub: Hub,
  repository: string,
  commit: string,
  path: string,
  start: number,
): Promise<Response> {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return hub.fetch(`${hub.endpoint}/${repository}/resolve/${commit}/${encoded}`, {
    // A range of what was compressed on the way is no range of the file.
    headers: { 'accept-encoding': 'identity', ...(start > 0 ? { range: `bytes=${start}-` } : {}) },
  });
}

function invalid(problem: string): EngineError {
  return new EngineError('weights_invalid', problem);
}
