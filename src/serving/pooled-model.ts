import type { Engine, ManagedEngine } from '../engine/engine.ts';
import type { EngineError } from '../errors.ts';
import { RUNTIME_TRAITS } from '../runtime/traits.ts';
import type { CatalogModel } from './model-catalog.ts';
import type { ResidentModel } from './plan-load.ts';
import type { EngineLease, ModelState } from './served-models.ts';

/** A request that waits for a model. */
export interface ModelWaiter {
  readonly startedAt: number;
  resolve(lease: EngineLease): void;
  reject(error: EngineError): void;
}

/** A model that is in no use for this part of its time has had its time. */
const IDLE_PART = 5;

/** A model that was asked for at least once: its engine, who uses it, and who waits for it. */
export class PooledModel {
  readonly entry: CatalogModel;
  readonly engine: ManagedEngine;
  /** The default and preloaded ones are never unloaded. */
  isPinned: boolean;
  state: ModelState | 'unloading' = 'unloaded';
  /** Of the memory that models share: estimated while it loads. */
  memoryBytes = 0;
  lastUsedAt = 0;
  /** It keeps its place for so long from `staysFrom` on. */
  stayMs = 0;
  staysFrom = 0;
  /** New requests wait, since another model waits for its memory. */
  isYielding = false;
  readonly waiters = new Set<ModelWaiter>();
  /** Why those who wait do, where that is for want of memory. */
  shortage: EngineError | undefined;
  failure: { error: EngineError; at: number } | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  /** The load under way, or the last one. */
  starting: Promise<void> | undefined;
  #numLeases = 0;

  constructor(entry: CatalogModel, engine: ManagedEngine, isPinned: boolean) {
    this.entry = entry;
    this.engine = engine;
    this.isPinned = isPinned;
  }

  get id(): string {
    return this.entry.id;
  }

  /** It takes new requests. */
  get isOpen(): boolean {
    return this.state === 'loaded' && !this.isYielding;
  }

  /** Requests that are answered, and sequences that the engine has not let go of yet; while it loads, those that wait. */
  get isBusy(): boolean {
    if (this.state === 'loading') return this.waiters.size > 0 || this.isPinned;
    if (this.#numLeases > 0) return true;
    const { numSequencesRunning, numSequencesWaiting } = this.engine.stats();
    return numSequencesRunning + numSequencesWaiting > 0;
  }

  lease(waitedMs: number, onReleased: () => void): EngineLease {
    this.#numLeases++;
    clearTimeout(this.idleTimer);
    let isHeld = true;
    const engine: Engine = this.engine;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      this.#numLeases--;
      onReleased();
    };
    return { engine, waitedMs, release };
  }

  /** No less than its process has, where it is the machine's memory that models share. */
  get residentBytes(): number {
    if (this.state !== 'loaded' || RUNTIME_TRAITS[this.engine.model.runtime].usesGpu) return this.memoryBytes;
    return Math.max(this.memoryBytes, this.engine.stats().engineResidentBytes);
  }

  toResident(): ResidentModel {
    const { id, isBusy, isPinned, lastUsedAt, residentBytes: bytes } = this;
    return { id, bytes, lastUsedAt, isBusy, isPinned, staysUntil: this.#staysUntil(isBusy) };
  }

  /** A load that is under way is not broken off, unless all its requests have left. */
  #staysUntil(isBusy: boolean): number {
    if (this.state === 'loading') return isBusy ? Infinity : -Infinity;
    const end = this.staysFrom + this.stayMs;
    return isBusy ? end : Math.min(end, this.lastUsedAt + this.stayMs / IDLE_PART);
  }
}
