import type { RunQueue } from '../../../scheduler/admission/run-queue.ts';
import type { Sequence } from '../../../scheduler/sequence.ts';
import { type DiskCounts, NO_DISK_COUNTS } from '../../disk-counts.ts';
import type { DiskNote, DiskReport } from '../../protocol.ts';
import { steadyUnixMs } from '../../../values.ts';
import type { DiskPort } from './disk-port.ts';
import type { FromDisk } from './disk-protocol.ts';
import { PageBuffers } from './page-buffers.ts';
import { PageLoads } from './page-loads.ts';
import { PageSaves } from './page-saves.ts';
import { StoredKeys } from './stored-keys.ts';

/** Time between two steps for pages from the disk, and for pages to it, at least; or such shares of a step. */
const BUSY_MS = { load: 2, save: 1 };
const BUSY_SHARE = { load: 1 / 20, save: 1 / 50 };
/** Time for pages from the disk and to it where no step waits. */
const IDLE_MS = { load: 20, save: 5 };
/** A problem that lasts is told no more often. */
const NOTE_INTERVAL_MS = 30_000;
/** Loads that nothing else wakes are looked at so often. */
const WATCH_INTERVAL_MS = 100;

/** Pages of the engine's cache as bytes. */
export interface CachedPages {
  readonly pageBytes: number;
  read(page: number, bytes: Uint8Array): void;
  write(page: number, bytes: Uint8Array): void;
}

export interface PrefixDiskOptions {
  /** See `spaceDigest`. */
  readonly space: string;
  readonly queue: RunQueue;
  readonly pages: CachedPages;
  /** What a page of a prompt takes to be computed. */
  readonly msToComputePage: () => number;
  /** Opens the way to the disk. */
  readonly open: (onMessage: (message: FromDisk) => void, onEnd: (reason: string) => void) => DiskPort;
  /** There is something to do, or to tell. */
  readonly onWork?: () => void;
  /** Milliseconds, and milliseconds since 1970. */
  readonly now?: () => number;
  readonly clock?: () => number;
}

/**
 * Long prefixes that outlive the cache, in files: pages go to the disk when a sequence has left them, and come back when
 * one begins with them. All that waits for the disk is a thread; here, between two steps, pages are copied, within a time.
 */
export class PrefixDisk {
  readonly #now: () => number;
  readonly #clock: () => number;
  readonly #onWork: () => void;
  readonly #keys: StoredKeys;
  readonly #saves: PageSaves;
  readonly #loads: PageLoads;
  readonly #port: DiskPort;
  /** Since they were told. */
  readonly #counts: DiskCounts = { ...NO_DISK_COUNTS };
  #numBytes = 0;
  #hasNews = false;
  #notes: DiskNote[] = [];
  readonly #notedAt = new Map<DiskNote['kind'], number>();
  #watch: NodeJS.Timeout | undefined;
  #isGone = false;
  #open: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));

  constructor({ space, queue, pages, msToComputePage, open, onWork, now, clock }: PrefixDiskOptions) {
    this.#now = now ?? (() => performance.now());
    this.#clock = clock ?? steadyUnixMs;
    this.#onWork = onWork ?? (() => undefined);
    this.#keys = new StoredKeys(space);
    const buffers = new PageBuffers(pages.pageBytes);
    const send: DiskPort['send'] = (message) => {
      if (!this.#isGone) this.#port.send(message);
    };
    const shared = { keys: this.#keys, buffers, counts: this.#counts, send };
    this.#saves = new PageSaves({
      ...shared,
      readPage: (page, bytes) => pages.read(page, bytes),
      now: this.#clock,
    });
    this.#loads = new PageLoads({
      ...shared,
      queue,
      writePage: (page, bytes) => pages.write(page, bytes),
      msToComputePage,
      onSlow: () => this.#note({ kind: 'slow', reason: 'pages came more slowly than they are computed' }),
      now: this.#now,
    });
    queue.cache.watch(this.#saves);
    this.#port = open(
      (message) => this.#receive(message),
      (reason) => this.#lose(reason),
    );
  }

  /** Takes a sequence whose beginning is to be read first; `release` is called once it may start. False: it may now. */
  hold(sequence: Sequence, release: () => void): boolean {
    const isHeld = !this.#isGone && this.#loads.hold(sequence, release);
    if (this.#counts.numMissedPages > 0) this.#tell();
    if (!isHeld) return false;
    this.#watch ??= setInterval(() => this.#look(), WATCH_INTERVAL_MS);
    return true;
  }

  #look(): void {
    if (this.#loads.size > 0) {
      this.#onWork();
      return;
    }
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** False where it is not held. */
  drop(sequenceId: number): boolean {
    return this.#loads.drop(sequenceId);
  }

  /** Between two steps. @param stepMs what the last took; undefined: no step waits */
  tend(stepMs: number | undefined): void {
    const { load, save } = stepMs === undefined ? IDLE_MS : busyMs(stepMs);
    if (this.#loads.size > 0) this.#loads.tend(this.#now() + load);
    const untilMs = this.#now() + save;
    while (this.#saves.writeNext() && this.#now() < untilMs);
  }

  /** Whether there is something to do without another message. */
  get hasWork(): boolean {
    return this.#loads.hasArrived || this.#saves.mayWrite;
  }

  #receive(message: FromDisk): void {
    switch (message.type) {
      case 'files':
        this.#keys.remove(message.gone);
        this.#keys.add(message.added, this.#clock());
        this.#numBytes = message.numBytes;
        this.#open();
        break;
      case 'read':
        this.#loads.read(message.load, message.isThere, message.bytes);
        break;
      case 'written':
        this.#saves.written(message.outcome, message.bytes);
        break;
      case 'problem':
        if (message.problem.kind === 'damaged') this.#counts.numDamagedFiles++;
        this.#note(message.problem);
        break;
    }
    this.#tell();
  }

  #tell(): void {
    this.#hasNews = true;
    this.#onWork();
  }

  #note(note: DiskNote): void {
    const before = this.#notedAt.get(note.kind);
    if (before !== undefined && this.#now() - before < NOTE_INTERVAL_MS) return;
    this.#notedAt.set(note.kind, this.#now());
    this.#notes.push(note);
    this.#hasNews = true;
  }

  /** Resolves once the disk has told what there is, or after so long. */
  async opened(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#opened, new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs)))]);
    clearTimeout(timer);
  }

  #lose(reason: string): void {
    this.#open();
    this.#isGone = true;
    this.#note({ kind: 'unusable', reason });
    this.#saves.clear();
    this.#loads.clear();
    this.#keys.clear();
    this.#onWork();
  }

  /** What happened since this was asked before; undefined: nothing. */
  takeReport(): DiskReport | undefined {
    if (!this.#hasNews) return undefined;
    const report = { counts: { ...this.#counts }, numBytes: this.#numBytes, notes: this.#notes };
    Object.assign(this.#counts, NO_DISK_COUNTS);
    this.#notes = [];
    this.#hasNews = false;
    return report;
  }

  /** Writes what is left, as far as it can be within a time. */
  async close(timeoutMs: number): Promise<void> {
    const endsAt = this.#now() + timeoutMs;
    clearInterval(this.#watch);
    while (!this.#isGone && this.#saves.numWaiting + this.#saves.numWriting > 0 && this.#now() < endsAt) {
      if (!this.#saves.writeNext()) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (!this.#isGone) await this.#port.close(Math.max(endsAt - this.#now(), 0));
  }
}

const busyMs = (stepMs: number): typeof BUSY_MS => ({
  load: Math.max(BUSY_MS.load, BUSY_SHARE.load * stepMs),
  save: Math.max(BUSY_MS.save, BUSY_SHARE.save * stepMs),
});
