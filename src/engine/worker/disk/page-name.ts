import { createHash } from 'node:crypto';

/** Names of pages on disk: hashes of all that a page's bytes depend on. */

/** What the pages of an engine depend on beside their tokens. */
export interface PageSpace {
  readonly version: string;
  readonly filesDigest: string;
  /** Of the runtime: see `PageBytes.format`. */
  readonly format: string;
  readonly numLayers: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly pageTokens: number;
}

/** Raised when the layout of files changes, or what kernels compute. */
const LAYOUT = 1;
const KEY_BYTES = 32;
/** Hexadecimal digits of the digests by which files are told apart without opening them. */
const TAG_DIGITS = 16;

/** A digest of everything that the pages of an engine depend on beside their tokens. */
export function spaceDigest(space: PageSpace): string {
  const { version, filesDigest, format, numLayers, numKvHeads, headDim, pageTokens } = space;
  const fields = [LAYOUT, version, filesDigest, format, numLayers, numKvHeads, headDim, pageTokens];
  return hexOf(JSON.stringify(fields));
}

/** Stands before the first page of all texts of a salt. */
export function rootKey(space: string, salt: string | undefined): Buffer {
  // An absent text differs from an empty one.
  return createHash('sha256')
    .update(JSON.stringify([space, salt ?? null]))
    .digest();
}

/** The key of a page, by that of the page before it and its tokens. */
export function pageKey(parent: Buffer, tokenIds: readonly number[]): Buffer {
  const tokens = Buffer.from(Uint32Array.from(tokenIds).buffer);
  return createHash('sha256').update(parent).update(tokens).digest();
}

export interface PageName {
  /** Of the model with its runtime, and of the client that the page is counted for. */
  readonly spaceTag: string;
  readonly ownerTag: string;
  readonly key: Buffer;
}

export const spaceTagOf = (space: string): string => space.slice(0, TAG_DIGITS);
export const ownerTagOf = (owner: string): string =>
  hexOf(JSON.stringify(['owner', owner])).slice(0, TAG_DIGITS);

/** `<space>-<key>-<owner>.page` */
export const fileNameOf = ({ spaceTag, ownerTag, key }: PageName): string =>
  `${spaceTag}-${key.toString('hex')}-${ownerTag}.page`;

const NAME = new RegExp(
  `^([0-9a-f]{${TAG_DIGITS}})-([0-9a-f]{${2 * KEY_BYTES}})-([0-9a-f]{${TAG_DIGITS}})\\.page$`,
);

/** What a file's name says; undefined where it is none of ours. */
export function parseFileName(name: string): PageName | undefined {
  const [, spaceTag, key, ownerTag] = NAME.exec(name) ?? [];
  if (spaceTag === undefined || key === undefined || ownerTag === undefined) return undefined;
  return { spaceTag, ownerTag, key: Buffer.from(key, 'hex') };
}

const hexOf = (text: string): string => createHash('sha256').update(text).digest('hex');
