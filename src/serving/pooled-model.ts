import { sharesGpu } from '../engine/check-memory.ts';
import type { Engine, ManagedEngine } from '../engine/engine.ts';
import type { EngineError } from '../errors.ts';
import type { CatalogModel } from './model-catalog.ts';
import type { ResidentModel } from './plan-load.ts';
import type { EngineLease, ModelState } from './served-models.ts';

/** A model that was asked for at least once: its engine, and who uses it. */
export class PooledModel {
  readonly entry: CatalogModel;
  readonly engine: ManagedEngine;
  /** The default and preloaded ones are never unloaded. */
  isPinned: boolean;
  state: ModelState | 'unloading' = 'unloaded';
  /** Of the memory that models share: estimated while it loads. */
  memoryBytes = 0;
  lastUsedAt = 0;
  /** Requests that wait for it to be loaded. */
  numWaiting = 0;
  /** The load under way. */
  loading: Promise<void> | undefined;
  /** Why it is not loaded yet, where that is for want of memory. */
  shortage: EngineError | undefined;
  failure: { error: EngineError; at: number } | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  #numLeases = 0;

  constructor(entry: CatalogModel, engine: ManagedEngine, isPinned: boolean) {
    this.entry = entry;
    this.engine = engine;
    this.isPinned = isPinned;
  }

  get id(): string {
    return this.entry.id;
  }

  /** Requests that are answered or waiting, and sequences that the engine has not let go of yet. */
  get isBusy(): boolean {
    const { numRequestsRunning, numRequestsWaiting } = this.engine.stats();
    return this.numWaiting + this.#numLeases + numRequestsRunning + numRequestsWaiting > 0;
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
    if (this.state !== 'loaded' || sharesGpu(this.engine.model.runtime)) return this.memoryBytes;
    return Math.max(this.memoryBytes, this.engine.stats().engineResidentBytes);
  }

  toResident(): ResidentModel {
    const { id, isBusy, isPinned, lastUsedAt, residentBytes: bytes } = this;
    return { id, bytes, lastUsedAt, isBusy, isPinned };
  }
}
