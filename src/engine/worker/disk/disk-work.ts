import { EngineError } from '../../../errors.ts';
import type { DiskNote } from '../../protocol.ts';
import type { DiskThreadData, FromDisk, ToDisk, WriteOutcome } from './disk-protocol.ts';
import { codeOf, PageFolder, type ReadOutcome } from './page-folder.ts';
import { messageOf } from '../../../values.ts';

/** After a failure the disk is left in peace for so long: it is full, or read-only. */
const PAUSE_MS = 30_000;

type Work = Exclude<ToDisk, { type: 'close' }>;

/**
 * What the disk's thread does with a message. Whatever the file system says is an answer: a page that cannot be read is a
 * miss, and one that cannot be written is not kept.
 */
export class DiskWork {
  readonly #data: DiskThreadData;
  readonly #send: (answer: FromDisk) => void;
  readonly #now: () => number;
  #folder: PageFolder | undefined;
  /** Until then the folder is not tried again, and nothing is written. */
  #openAgainAt = 0;
  #writeAgainAt = 0;
  /** The files that the engine was told of, with their bytes, and these together. */
  readonly #told = new Map<string, number>();
  #numBytes = 0;
  /** The load whose next pages are not there. */
  #endedLoad: number | undefined;

  /** @param now milliseconds */
  constructor(data: DiskThreadData, send: (answer: FromDisk) => void, now = () => performance.now()) {
    this.#data = data;
    this.#send = send;
    this.#now = now;
    this.#open();
    this.#tell(true);
  }

  run(message: Work): void {
    this.#open();
    switch (message.type) {
      case 'read':
        this.#read(message);
        break;
      case 'write':
        this.#write(message);
        break;
      case 'touch':
        this.#attempt('unwritable', () => this.#folder?.touch(message.names, message.usedAtMs));
        break;
      case 'remove':
        this.#attempt('unwritable', () => this.#folder?.remove(message.names));
        break;
    }
    this.#tell();
  }

  #open(): void {
    if (this.#folder !== undefined || this.#now() < this.#openAgainAt) return;
    const { path, maxBytes } = this.#data;
    this.#openAgainAt = this.#now() + PAUSE_MS;
    this.#attempt('unusable', () => (this.#folder = new PageFolder({ path, maxBytes })));
  }

  #read({ load, name, bytes }: Extract<ToDisk, { type: 'read' }>): void {
    const outcome = load === this.#endedLoad ? 'missing' : this.#tryRead(name, bytes);
    if (outcome !== 'read') this.#endedLoad = load;
    this.#send({ type: 'read', load, isThere: outcome === 'read', bytes });
    if (outcome === 'read' || outcome === 'missing') return;
    this.#report({ kind: 'damaged', reason: `${name} is ${outcome}` });
    // It would be a miss each time.
    this.#attempt('unwritable', () => this.#folder?.remove([name]));
  }

  #tryRead(name: string, bytes: Uint8Array): ReadOutcome {
    const outcome = this.#attempt('unusable', () => this.#folder?.read(name, bytes));
    return outcome ?? 'missing';
  }

  #write({ name, bytes, usedAtMs }: Extract<ToDisk, { type: 'write' }>): void {
    let outcome: WriteOutcome = 'failed';
    if (this.#now() >= this.#writeAgainAt) {
      const isNew = this.#attempt('unwritable', () => this.#folder?.write(name, bytes, usedAtMs));
      if (isNew === undefined) this.#writeAgainAt = this.#now() + PAUSE_MS;
      else outcome = isNew ? 'written' : 'kept';
    }
    this.#send({ type: 'written', outcome, bytes });
  }

  /** Undefined where the file system refuses. */
  #attempt<Result>(kind: DiskNote['kind'], work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.#report({ kind, reason: reasonOf(error) });
      return undefined;
    }
  }

  #report(problem: DiskNote): void {
    this.#send({ type: 'problem', problem });
  }

  /** What came and went since the engine was told, if anything did. */
  #tell(inAnyCase = false): void {
    const added: string[] = [];
    const gone: string[] = [];
    for (const [name, file] of this.#folder?.takeChanges() ?? []) {
      if (!name.startsWith(`${this.#data.spaceTag}-`)) continue;
      this.#numBytes += (file?.numBytes ?? 0) - (this.#told.get(name) ?? 0);
      if (file === undefined) {
        if (this.#told.delete(name)) gone.push(name);
        continue;
      }
      if (!this.#told.has(name)) added.push(name);
      this.#told.set(name, file.numBytes);
    }
    if (!inAnyCase && added.length + gone.length === 0) return;
    this.#send({ type: 'files', added, gone, numBytes: this.#numBytes });
  }
}

/** The system's messages have paths in them, its codes are enough. */
function reasonOf(error: unknown): string {
  if (error instanceof EngineError) return error.message;
  return codeOf(error) ?? messageOf(error);
}
