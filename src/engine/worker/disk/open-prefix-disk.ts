import { PAGE_TOKENS } from '../../../pages.ts';
import { type KvCache, pageBytesOf, type Runtime } from '../../../runtime/runtime.ts';
import type { RunQueue } from '../../../scheduler/admission/run-queue.ts';
import { scoresOf } from '../../../scheduler/step-budgets.ts';
import type { StepCostModel } from '../../../scheduler/step-cost-model.ts';
import { VERSION } from '../../../version.ts';
import type { DiskNote, EngineSettings } from '../../protocol.ts';
import { openDiskPort } from './disk-port.ts';
import { spaceDigest, spaceTagOf } from './page-name.ts';
import { PrefixDisk } from './prefix-disk.ts';

interface LoadedEngine {
  readonly runtime: Runtime;
  readonly cache: KvCache;
  /** Of the model's files. */
  readonly digest: string;
  readonly costs: Pick<StepCostModel, 'isMeasured' | 'predictMs'>;
  readonly queue: RunQueue;
}

/** Where nothing was measured, reading is worth a wait. */
const UNMEASURED_PAGE_MS = 100;

/** A disk that is slower holds up no start. */
const OPEN_MS = 2000;

/** The disk of an engine, once it has told what there is; why it has none though it was asked for, or undefined where it was not. */
export async function openPrefixDisk(
  { prefixDisk, prefixCache }: Pick<EngineSettings, 'prefixDisk' | 'prefixCache'>,
  { runtime, cache, digest, costs, queue }: LoadedEngine,
  onWork?: () => void,
): Promise<PrefixDisk | DiskNote | undefined> {
  if (prefixDisk === undefined) return undefined;
  const { pageBytes } = runtime;
  if (!prefixCache) return { kind: 'unsupported', reason: 'PREFIX_CACHE is off' };
  if (pageBytes === undefined) {
    return { kind: 'unsupported', reason: `the ${runtime.name} runtime does not give its pages away` };
  }
  const { numLayers, numKvHeads, headDim } = cache.shape;
  const space = spaceDigest({
    version: VERSION,
    filesDigest: digest,
    format: pageBytes.format,
    numLayers,
    numKvHeads,
    headDim,
    pageTokens: PAGE_TOKENS,
  });
  const { path, maxBytes } = prefixDisk;
  const ofPage = { numRows: PAGE_TOKENS, numLogitRows: 0, numScores: scoresOf(0, PAGE_TOKENS) };
  const disk = new PrefixDisk({
    space,
    queue,
    pages: {
      pageBytes: pageBytesOf(cache),
      read: (page, bytes) => pageBytes.readPage(cache, page, bytes),
      write: (page, bytes) => pageBytes.writePage(cache, page, bytes),
    },
    msToComputePage: () => (costs.isMeasured ? costs.predictMs(ofPage) : UNMEASURED_PAGE_MS),
    open: (onMessage, onEnd) =>
      openDiskPort({ path, maxBytes, spaceTag: spaceTagOf(space) }, onMessage, onEnd),
    ...(onWork === undefined ? {} : { onWork }),
  });
  await disk.opened(OPEN_MS);
  return disk;
}
