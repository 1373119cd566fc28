import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { hasCode } from '../values.ts';

/** Who holds a lock, and whether it still lives; docs/decisions/0144-locks-name-their-holder.md has the reasons. */

/** What a lock says of its holder. */
export type WrittenHolder =
  /** Of Linux: no two processes have all of these in common. `startedAt` is in ticks since the boot of the machine. */
  | { kind: 'named'; pid: number; host: string; boot: string; namespace: string; startedAt: string }
  /** Of systems without /proc: another process may get this number. */
  | { kind: 'numbered'; pid: number; host: string }
  /** An older version wrote it, or it is cut or damaged. */
  | { kind: 'unclear' };

/** What this machine says of a process id. A process that is hidden runs, or has this moment ended. */
export type FoundProcess = { is: 'running'; startedAt: string } | { is: 'hidden' } | { is: 'gone' };

/** `unknown`: only time can tell. A holder that lives touches its lock. */
export type HolderVerdict = 'alive' | 'dead' | 'unknown';

/** What the process that asks knows. */
export interface HolderEvidence {
  readonly self: WrittenHolder;
  readonly find: (pid: number) => FoundProcess;
  /** Of the file system with the lock: on one of a network, another boot may be that of another machine. */
  readonly isOfOneMachine: () => boolean;
}

/** A lock as it was just read. */
export interface SeenLock {
  readonly path: string;
  /** What `writeHolder` returned to its holder; anything else is judged by `mark` alone. */
  readonly text: string;
  /** Anything that changes as long as the holder lives, such as the time of the file. It is compared, never read. */
  readonly mark: string;
  /** A holder that cannot be looked up is dead when text and mark have not changed for so long, on our own clock. */
  readonly stillAfterMs: number;
  /** One that lives has lost its lock then. */
  readonly lostAfterMs: number;
}

const WITHOUT_PROC = 'no-proc';
const DIGEST_LENGTH = 16;

/**
 * A line that names this process, another one each time. Its first two words are process id and host, as older versions
 * read them.
 */
export function writeHolder(): string {
  const self = ownName();
  const life = self.kind === 'named' ? [self.boot, self.namespace, self.startedAt] : [WITHOUT_PROC];
  const words = [process.pid, hostname(), randomUUID(), ...life].join(' ');
  return `${words} ${digestOf(words)}\n`;
}

/** @param text what a lock has in it, which may be anything */
export function readHolder(text: string): WrittenHolder {
  const words = text.trimEnd().split(' ');
  // One bit that the disk has changed would make a dead holder of a living one.
  if (words.pop() !== digestOf(words.join(' '))) return { kind: 'unclear' };
  const [pidText = '', host = '', , boot = '', namespace = '', startedAt = ''] = words;
  const pid = Number(pidText);
  return boot === WITHOUT_PROC
    ? { kind: 'numbered', pid, host }
    : { kind: 'named', pid, host, boot, namespace, startedAt };
}

/** What one look tells, without waiting. */
export function judgeByName(
  written: WrittenHolder,
  { self, find, isOfOneMachine }: HolderEvidence,
): HolderVerdict {
  if (written.kind === 'named' && self.kind === 'named') {
    if (written.boot !== self.boot) return isOfOneMachine() ? 'dead' : 'unknown';
    if (written.namespace !== self.namespace) return 'unknown';
    const found = find(written.pid);
    if (found.is === 'running') return found.startedAt === written.startedAt ? 'alive' : 'dead';
    return found.is === 'gone' ? 'dead' : 'unknown';
  }
  if (written.kind === 'numbered' && self.kind === 'numbered' && written.host === self.host)
    return find(written.pid).is === 'gone' ? 'dead' : 'unknown';
  return 'unknown';
}

/** More locks than anybody has. What is watched is forgotten where a lock is taken, removed, or judged without watching. */
const MAX_WATCHED = 10_000;

interface Watched {
  readonly text: string;
  mark: string;
  /** Since when text and mark are as they are. */
  sinceMs: number;
  hasChanged: boolean;
}

/** Tells by watching whether holders live that cannot be looked up. It knows of each lock what the last look has seen. */
export class HolderWatch {
  readonly #watched = new Map<string, Watched>();

  /** @param nowMs on a clock that nobody sets */
  look({ path, text, mark, stillAfterMs }: Omit<SeenLock, 'lostAfterMs'>, nowMs: number): HolderVerdict {
    const known = this.#watched.get(path);
    if (known?.text !== text) {
      this.#begin(path, { text, mark, sinceMs: nowMs, hasChanged: false });
      return 'unknown';
    }
    if (known.mark !== mark) Object.assign(known, { mark, sinceMs: nowMs, hasChanged: true });
    if (nowMs - known.sinceMs >= stillAfterMs) return 'dead';
    return known.hasChanged ? 'alive' : 'unknown';
  }

  forget(path: string): void {
    this.#watched.delete(path);
  }

  #begin(path: string, watched: Watched): void {
    this.#watched.delete(path);
    this.#watched.set(path, watched);
    const oldest = this.#watched.keys().next();
    if (this.#watched.size > MAX_WATCHED && !oldest.done) this.#watched.delete(oldest.value);
  }
}

const watch = new HolderWatch();

/**
 * Whether the holder of a lock lives. Where that cannot be looked up the answer is `unknown`, until this process has seen
 * the mark change (`alive`), or has seen it unchanged for `stillAfterMs` (`dead`): look again.
 */
export function judgeHolder(lock: SeenLock): HolderVerdict {
  const verdict = judgeByName(readHolder(lock.text), {
    self: ownName(),
    find: findProcess,
    isOfOneMachine: () => isOfOneMachine(dirname(lock.path)),
  });
  if (verdict === 'unknown') return watch.look(lock, performance.now());
  if (verdict === 'alive' && lock.lostAfterMs !== Infinity) {
    const watched = watch.look({ ...lock, stillAfterMs: lock.lostAfterMs }, performance.now());
    return watched === 'dead' ? 'dead' : 'alive';
  }
  watch.forget(lock.path);
  return verdict;
}

/** To call once a lock is taken or removed. */
export function forgetHolder(path: string): void {
  watch.forget(path);
}

/** For people. */
export function describeHolder(text: string): string {
  const [pid = '', host = '?'] = text.trim().split(' ');
  return host === hostname() ? pid : `${pid || '?'} on ${host}`;
}

/**
 * Reads /proc/PID/stat. The name of the program is in brackets and may have any sign in it, so fields are counted from the
 * last bracket. A zombie holds nothing, and stays where nobody waits for it.
 */
export function parseProcessStat(stat: string): FoundProcess {
  const [state, ...fields] = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  if (state === 'Z' || state === 'X') return { is: 'gone' };
  // Field 22 of all, of which the state is the third.
  const startedAt = fields[18];
  return startedAt === undefined ? { is: 'hidden' } : { is: 'running', startedAt };
}

function findProcess(pid: number): FoundProcess {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It is gone, or /proc does not show it.
  }
  try {
    process.kill(pid, 0);
    return { is: 'hidden' };
  } catch (error) {
    return hasCode(error, 'ESRCH') ? { is: 'gone' } : { is: 'hidden' };
  }
}

let ownNameRead: WrittenHolder | undefined;

function ownName(): WrittenHolder {
  ownNameRead ??= readOwnName();
  return ownNameRead;
}

function readOwnName(): WrittenHolder {
  const { pid } = process;
  const host = hostname();
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // Ticks are counted by the namespace of times.
    const namespace = ['pid', 'time'].map((kind) => readNamespace(kind)).join(',');
    const found = parseProcessStat(readFileSync('/proc/self/stat', 'utf8'));
    if (found.is === 'running')
      return { kind: 'named', pid, host, boot, namespace, startedAt: found.startedAt };
  } catch {
    // Not Linux, or a /proc without these.
  }
  return { kind: 'numbered', pid, host };
}

/** Linux has namespaces of times since 5.6. */
function readNamespace(kind: string): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch (error) {
    if (hasCode(error, 'ENOENT') && kind === 'time') return '';
    throw error;
  }
}

/** File systems that one kernel at a time can mount: ext2 to ext4, XFS, Btrfs, F2FS, ZFS, overlay and tmpfs. */
const OF_ONE_MACHINE = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x794c7630, 0x01021994,
]);

function isOfOneMachine(folder: string): boolean {
  try {
    // The type is a number of 32 bits, which some systems give with a sign.
    return OF_ONE_MACHINE.has(statfsSync(folder).type >>> 0);
  } catch {
    return false;
  }
}

function digestOf(words: string): string {
  return createHash('sha256').update(words).digest('hex').slice(0, DIGEST_LENGTH);
}
