import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { EngineError } from '../errors.ts';
import { readFileSync } from 'node:fs';

/** What the processes of a container take of the memory that it has. */
export interface ContainerMemory {
  limitBytes: number;
  /** Of all its processes: what is no copy of a file. */
  usedBytes: number;
  /** Of this process. */
  ownBytes: number;
}

/** Where a control group tells of its memory (cgroups(7)): its limit, and its statistics with the name of what counts. */
interface Group {
  limit: string;
  statistics: string;
  used: RegExp;
}

/** A limit beyond this is none: version 1 has the largest number of pages. */
const MOST_BYTES = 2 ** 53;

/**
 * Reads what this process's container takes and may take; undefined where there is no limit, or no Linux. Copies of files
 * (weights that are mapped) do not count: the kernel drops them before it ends a process.
 */
function openContainerMemory(): (() => ContainerMemory | undefined) | undefined {
  const group = groupsOf(read('/proc/self/cgroup')).find(({ limit }) => limitOf(limit) !== undefined);
  if (group === undefined) return undefined;
  return () => {
    const limitBytes = limitOf(group.limit);
    const usedBytes = Number(group.used.exec(read(group.statistics))?.[1]);
    const ownBytes = Number(/^RssAnon:\s+(\d+)/m.exec(read('/proc/self/status'))?.[1]) * 1024;
    if (limitBytes === undefined || Number.isNaN(usedBytes + ownBytes)) return undefined;
    return { limitBytes, usedBytes, ownBytes };
  };
}

/** The group's own folder where the host's hierarchy is seen; within a container its folder is the root. */
function groupsOf(cgroup: string): Group[] {
  const own = /^0::(.*)$/m.exec(cgroup)?.[1] ?? '/';
  const ownOfMemory = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(cgroup)?.[1] ?? '/';
  return [
    ...[`/sys/fs/cgroup${own}`, '/sys/fs/cgroup'].map((folder) => ({
      limit: `${folder}/memory.max`,
      statistics: `${folder}/memory.stat`,
      used: /^anon (\d+)$/m,
    })),
    ...[`/sys/fs/cgroup/memory${ownOfMemory}`, '/sys/fs/cgroup/memory'].map((folder) => ({
      limit: `${folder}/memory.limit_in_bytes`,
      statistics: `${folder}/memory.stat`,
      used: /^total_rss (\d+)$/m,
    })),
  ];
}

/** `max` is no number. */
function limitOf(path: string): number | undefined {
  const bytes = Number(read(path) || NaN);
  return bytes > 0 && bytes < MOST_BYTES ? bytes : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Requests are refused from the first share on, until the second is reached again. */
const SHORT_SHARE = 0.8;
const ENOUGH_SHARE = 0.7;
/** Growth that a small container does not count. */
const LEAST_GROWTH_BYTES = 64 * 2 ** 20;
/** While memory is short, how often it is looked at; less often if a look takes long. */
const LOOK_MS = 1000;
const LOOKS_SHARE = 10;
const RETRY_AFTER_MS = 2000;

/** What V8 counts into a heap's limit for its young generation: three times `--max-semi-space-size`, as `npm start` has it. */
const YOUNG_BYTES = 96 * 2 ** 20;
/** Where the heap is small, it is less. */
const YOUNG_SHARE = 1 / 3;

/** In bytes. */
export interface HeapFigures {
  usedBytes: number;
  limitBytes: number;
}

export interface MemoryFigures extends HeapFigures {
  /** Of what the process may take, the larger one of heap and container. */
  share: number;
}

interface MemoryGuardOptions {
  /** Memory is short from now on, or no longer. */
  onChange: (isShort: boolean, figures: MemoryFigures) => void;
  /** Collects all garbage now. */
  collect: () => void;
  heap?: () => HeapFigures;
  container?: (() => ContainerMemory | undefined) | undefined;
}

/** Whether memory is short, by the share that is used and by whether it was short before. */
export const isShortAt = (share: number, wasShort: boolean): boolean =>
  share >= (wasShort ? ENOUGH_SHARE : SHORT_SHARE);

/**
 * What a process has grown by since it began, as a share of what it could grow by. What the other processes of the
 * container take is no fault of its own, and a container that is tight from the start is none of its matters.
 */
export function growthShare(
  { limitBytes, usedBytes, ownBytes }: ContainerMemory,
  floorBytes: number,
): number {
  const growthBytes = ownBytes - floorBytes;
  if (growthBytes < LEAST_GROWTH_BYTES) return 0;
  return growthBytes / Math.max(limitBytes - usedBytes + growthBytes, 1);
}

/**
 * Sheds load before the heap ends. When what is left after a full collection exceeds a share of the heap, or of what the
 * container has, idle stores let go of what they keep, and new requests are refused (429) until it is less again
 * (docs/decisions/0086-load-is-shed-before-the-heap-ends.md). V8 itself collects ever more often as the heap fills, so it
 * needs no timer to notice.
 */
export class MemoryGuard {
  readonly #options: MemoryGuardOptions;
  readonly #heap: () => HeapFigures;
  readonly #container: (() => ContainerMemory | undefined) | undefined;
  readonly #floorBytes: number;
  readonly #releases: (() => void)[] = [];
  readonly #observer: PerformanceObserver;
  #figures: MemoryFigures;
  #isShort = false;
  #numBusy = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryGuardOptions) {
    this.#options = options;
    this.#heap = options.heap ?? heapFigures;
    this.#container = 'container' in options ? options.container : openContainerMemory();
    this.#floorBytes = this.#container?.()?.ownBytes ?? 0;
    this.#figures = { ...this.#heap(), share: 0 };
    this.#observer = new PerformanceObserver((list) => {
      if (list.getEntries().some(isFullCollection)) this.look();
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  get isShort(): boolean {
    return this.#isShort;
  }

  /** After the last full collection. */
  get figures(): MemoryFigures {
    return this.#figures;
  }

  /** A store that can let go of what no request uses. It is called again each second while memory is short. */
  onRelease(release: () => void): void {
    this.#releases.push(release);
  }

  /** A request begins; as many `leave` must follow. */
  enter(): void {
    this.#numBusy++;
  }

  leave(): void {
    this.#numBusy--;
  }

  /**
   * To be asked before a request is read. One at a time is let in however short memory is: a service that refused all
   * would never find out that it is well again.
   *
   * @throws EngineError `queue_full`
   */
  checkRoom(): void {
    if (!this.#isShort || this.#numBusy === 0) return;
    throw new EngineError('queue_full', 'the service is short of memory; try again later', {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  /** Called when V8 has just collected. */
  look(): void {
    const heap = this.#heap();
    const container = this.#container?.();
    const ofContainer = container === undefined ? 0 : growthShare(container, this.#floorBytes);
    this.#figures = { ...heap, share: Math.max(heap.usedBytes / heap.limitBytes, ofContainer) };
    const isShort = isShortAt(this.#figures.share, this.#isShort);
    if (isShort === this.#isShort) return;
    this.#isShort = isShort;
    this.#options.onChange(isShort, this.#figures);
    if (isShort) this.#relieve();
    else clearTimeout(this.#timer);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#observer.disconnect();
  }

  #relieve(): void {
    const startedAt = performance.now();
    for (const release of this.#releases) release();
    this.#options.collect();
    this.look();
    if (!this.#isShort) return;
    const waitMs = Math.max(LOOK_MS, LOOKS_SHARE * (performance.now() - startedAt));
    this.#timer = setTimeout(() => this.#relieve(), waitMs).unref();
  }
}

/** What is old ends the process when it reaches the limit; after a full collection little is young. */
function heapFigures(): HeapFigures {
  const { used_heap_size: usedBytes, heap_size_limit: wholeBytes } = getHeapStatistics();
  return { usedBytes, limitBytes: wholeBytes - Math.min(YOUNG_BYTES, YOUNG_SHARE * wholeBytes) };
}

function isFullCollection(entry: PerformanceEntry): boolean {
  // The types lack it.
  const { detail } = entry as PerformanceEntry & { detail?: { kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
