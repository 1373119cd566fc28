import { EMBED, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';

/** Addresses; without positions theirs is 0. */
interface EmbedOperands {
  readonly tokens: number;
  readonly positions: number;
  readonly tokenIds: number;
  readonly positionIds: number;
  readonly out: number;
}

interface EmbedAttrs {
  readonly numRows: number;
  readonly dim: number;
  readonly scale: number;
  /** How the panels of tokens and positions are held (`PanelFormat`). */
  readonly tokenFormat: number;
  readonly positionFormat: number;
}

/**
 * Token embedding plus position embedding of each row, both in panels as a head has them, or without positions the
 * token embedding times `scale`: tokenIds [rows], positionIds [rows] -> [rows, dim].
 */
export function embedJobs(
  { tokens, positions, tokenIds, positionIds, out }: EmbedOperands,
  { numRows, dim, scale, tokenFormat, positionFormat }: EmbedAttrs,
): Job[] {
  const addresses = [tokens, positions, tokenIds, positionIds, out];
  const args = [...addresses, numRows, dim, floatArg(scale), tokenFormat, positionFormat];
  return [[EMBED, Math.ceil(numRows / ROW_CHUNK), args]];
}
