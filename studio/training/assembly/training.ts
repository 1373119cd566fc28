import { floatArg, intArg, KernelSet, pointerArg, runJobs, serve } from './pool';
import { attentionBackward } from './attention-backward';
import { attentionForward } from './attention-forward';
import { attentionScratchBytes } from './attention-tiles';
import { crossEntropy, crossEntropyBackward } from './cross-entropy';
import { embed, scatterAddRows } from './embed';
import { gemmBlock, packLanes } from './gemm';
import { columnSum, layerNorm, layerNormBackward, layerNormGainBackward } from './layer-norm';
import { adamW, sumSquares } from './optimizer';
import { add, dropout, gelu, geluBackward } from './pointwise';

/** The kernels of training. Their numbers are repeated in ../kernel-ids.ts, the sizes of their chunks in ../kernels.ts. */
class TrainingKernels extends KernelSet {
  dispatch(kernelId: i32, job: usize, chunk: i32): void {
    switch (kernelId) {
      case 0:
        return pack(job, chunk);
      case 1:
        return gemm(job, chunk);
      case 2:
        return attend(job, chunk);
      case 3:
        return attendBackward(job, chunk);
      case 4:
        return layerNorm(job, chunk);
      case 5:
        return layerNormBackward(job, chunk);
      case 6:
        return layerNormGainBackward(job, chunk);
      case 7:
        return columnSum(job, chunk);
      case 8:
        return gelu(job, chunk);
      case 9:
        return geluBackward(job, chunk);
      case 10:
        return add(job, chunk);
      case 11:
        return dropout(job, chunk);
      case 12:
        return embed(job, chunk);
      case 13:
        return scatterAddRows(job, chunk);
      case 14:
        return crossEntropy(job, chunk);
      case 15:
        return crossEntropyBackward(job, chunk);
      case 16:
        return sumSquares(job, chunk);
      case 17:
        return adamW(job, chunk);
      default:
        unreachable();
    }
  }
}

/** Arguments: source, lane stride, depth stride (elements), lanes, depth, width (8 or 4), dest, lanes of a chunk. */
function pack(job: usize, chunk: i32): void {
  const numLanes = intArg(job, 3);
  const width = intArg(job, 5);
  const lanesPerChunk = intArg(job, 7);
  const first = chunk * lanesPerChunk;
  const last = min(numLanes, first + lanesPerChunk);
  packLanes(
    pointerArg(job, 0),
    <usize>intArg(job, 1) * 4,
    <usize>intArg(job, 2) * 4,
    intArg(job, 4),
    width,
    first,
    last,
    pointerArg(job, 6),
  );
}

/** Arguments: A tiles, B panels, C, bias (0 = none), rows, cols, depth, rows of a block, columns of a block. */
function gemm(job: usize, chunk: i32): void {
  const numRows = intArg(job, 4);
  const numCols = intArg(job, 5);
  const blockRows = intArg(job, 7);
  const blockCols = intArg(job, 8);
  const blocksAcross = (numCols + blockCols - 1) / blockCols;
  const row = (chunk / blocksAcross) * blockRows;
  const col = (chunk % blocksAcross) * blockCols;
  gemmBlock(
    pointerArg(job, 0),
    pointerArg(job, 1),
    pointerArg(job, 2),
    pointerArg(job, 3),
    numCols,
    intArg(job, 6),
    row,
    min(numRows, row + blockRows),
    col,
    min(numCols, col + blockCols),
  );
}

/** Arguments: qkv, out, stats, scratch, heads, head dim, seq, seed, threshold, keep scale. Chunk = sequence, head. */
function attend(job: usize, chunk: i32): void {
  const headDim = intArg(job, 5);
  const seq = intArg(job, 6);
  attentionForward(
    pointerArg(job, 0),
    pointerArg(job, 1),
    pointerArg(job, 2),
    pointerArg(job, 3) + <usize>chunk * attentionScratchBytes(seq, headDim),
    chunk,
    intArg(job, 4),
    headDim,
    seq,
    intArg(job, 7),
    intArg(job, 8),
    floatArg(job, 9),
  );
}

/** Arguments: qkv, out, stats, dOut, dQkv, scratch, heads, head dim, seq, seed, threshold, keep scale. */
function attendBackward(job: usize, chunk: i32): void {
  const headDim = intArg(job, 7);
  const seq = intArg(job, 8);
  attentionBackward(
    pointerArg(job, 0),
    pointerArg(job, 1),
    pointerArg(job, 2),
    pointerArg(job, 3),
    pointerArg(job, 4),
    pointerArg(job, 5) + <usize>chunk * attentionScratchBytes(seq, headDim),
    chunk,
    intArg(job, 6),
    headDim,
    seq,
    intArg(job, 9),
    intArg(job, 10),
    floatArg(job, 11),
  );
}

export function serveJobs(control: usize, spinLimit: i32): void {
  serve<TrainingKernels>(control, spinLimit);
}

export function runJobList(control: usize, jobs: usize, numJobs: i32): bool {
  return runJobs<TrainingKernels>(control, jobs, numJobs);
}
