import type { HeadStripes, Rotation } from '../../ops.ts';
import {
  NORM_HEADS,
  ROW_CHUNK,
  ADD,
  POINTWISE_CHUNK,
  EMBED,
  GATE,
  GELU,
  LAYER_NORM,
  RMS_NORM,
  ROTATE,
  SELECT_ROWS,
} from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';

interface NormHeadsOperands {
  readonly qkv: number;
  readonly queryGain: number;
  readonly keyGain: number;
  readonly out: number;
}

/**
 * RMSNorm of each head of queries and keys, values as they are: qkv [rows, (numHeads + 2 numKvHeads) * headDim], gains
 * [headDim up to a multiple of 8] -> as qkv.
 */
export function normHeadsJobs(
  { qkv, queryGain, keyGain, out }: NormHeadsOperands,
  { numHeads, numKvHeads, headDim }: HeadStripes,
  { numRows, epsilon }: { numRows: number; epsilon: number },
): Job[] {
  const operands = [qkv, queryGain, keyGain, out];
  const args = [...operands, numRows, numHeads, numKvHeads, headDim, floatArg(epsilon)];
  return [[NORM_HEADS, Math.ceil(numRows / ROW_CHUNK), args]];
}

/**
 * The shortcut connection, x + y: two times [rows, dim] -> [rows, dim].
 * @param numElements of each operand
 */
export function addJobs({ x, y, out }: { x: number; y: number; out: number }, numElements: number): Job[] {
  return [[ADD, Math.ceil(numElements / POINTWISE_CHUNK), [x, y, out, numElements]]];
}

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

/** silu(gate) * value, or with `isGelu` gelu(gate) * value: [rows, 2 * mlpDim] -> [rows, mlpDim]. */
export function gateJobs(
  { x, out }: { x: number; out: number },
  { numRows, mlpDim, isGelu }: { numRows: number; mlpDim: number; isGelu: boolean },
): Job[] {
  return [[GATE, numRows, [x, out, mlpDim, Number(isGelu)]]];
}

/**
 * GELU in its tanh form: [rows, dim] -> [rows, dim].
 * @param numElements of x and of out
 */
export function geluJobs({ x, out }: { x: number; out: number }, numElements: number): Job[] {
  return [[GELU, Math.ceil(numElements / POINTWISE_CHUNK), [x, out, numElements]]];
}

/**
 * (x - mean) / sqrt(var + epsilon) * gain + shift of each row: [rows, dim] -> [rows, dim].
 * @param operands addresses; without a shift it is 0
 */
export function layerNormJobs(
  { x, gain, shift, out }: { x: number; gain: number; shift: number; out: number },
  { numRows, dim, epsilon }: { numRows: number; dim: number; epsilon: number },
): Job[] {
  const args = [x, gain, shift, out, numRows, dim, floatArg(epsilon)];
  return [[LAYER_NORM, Math.ceil(numRows / ROW_CHUNK), args]];
}

/** x / sqrt(mean(x^2) + epsilon) * gain of each row: [rows, dim] -> [rows, dim]. */
export function rmsNormJobs(
  { x, gain, out }: { x: number; gain: number; out: number },
  { numRows, dim, epsilon }: { numRows: number; dim: number; epsilon: number },
): Job[] {
  const args = [x, gain, out, numRows, dim, floatArg(epsilon)];
  return [[RMS_NORM, Math.ceil(numRows / ROW_CHUNK), args]];
}

interface RotateOperands {
  readonly qkv: number;
  readonly table: number;
  readonly positionIds: number;
  readonly out: number;
}

/**
 * Turns the heads of queries and keys by their row's position, values as they are:
 * qkv [rows, (numHeads + 2 numKvHeads) * headDim], table [positions * headDim], positionIds [rows] -> as qkv.
 */
export function rotateJobs(
  { qkv, table, positionIds, out }: RotateOperands,
  { numHeads, numKvHeads, headDim }: HeadStripes,
  { numRows, pairing }: { numRows: number; pairing: Rotation['pairing'] },
): Job[] {
  const areNeighbours = Number(pairing === 'neighbours');
  const args = [qkv, table, positionIds, out, numRows, numHeads, numKvHeads, headDim, areNeighbours];
  return [[ROTATE, Math.ceil(numRows / ROW_CHUNK), args]];
}

/**
 * Some rows of x in the order of `rows`: [any, dim], [rows] -> [rows, dim].
 * @param operands addresses; rows are the indices of those selected
 */
export function selectRowsJobs(
  { x, rows, out }: { x: number; rows: number; out: number },
  { numRows, dim }: { numRows: number; dim: number },
): Job[] {
  const numChunks = Math.ceil(numRows / ROW_CHUNK);
  return [[SELECT_ROWS, numChunks, [x, rows, out, numRows, dim]]];
}
