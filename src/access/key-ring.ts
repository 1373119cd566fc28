import { randomBytes, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { EngineError } from '../errors.ts';
import { hashApiKey, idOfApiKey, makeApiKey } from './api-key.ts';
import { readKeyFile, type StoredKey } from './key-file.ts';
import type { Principal } from './principal.ts';

export interface KeyRingOptions {
  path: string;
  /** Whether the file may be missing at first. */
  mayBeMissing: boolean;
  /** The file was read, at the start or since it changed. */
  onLoaded?(numKeys: number): void;
  /** The file cannot be used: the keys before stay. Told once for each state of the file. */
  onProblem?(error: EngineError): void;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** On a monotonic clock. */
  monotonicMs?: () => number;
}

/** Why a request's keys are refused. */
export type KeyRefusal = 'missing' | 'unknown' | 'expired' | 'revoked';

export type KeyCheck =
  | { isValid: true; principal: Principal }
  /** `keyName` where it was a key once. */
  | { isValid: false; refusal: KeyRefusal; keyName: string | undefined };

interface RingKey {
  readonly hash: Buffer;
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  readonly isRevoked: boolean;
}

/** A change is seen by the first request after so long. */
const RELOAD_INTERVAL_MS = 1000;
/** A file system that does not answer holds up no request for longer. */
const RELOAD_TIMEOUT_MS = 1000;
/** Compared with where there is no key: random, so that nothing equals it. */
const NO_HASH = randomBytes(32);

/**
 * The keys that the service takes, from a file that may change. It looks at the file as requests come, once a second at
 * most, so that an idle service has no timer, and so that it works where a file is replaced or lies on a mount.
 */
export class KeyRing {
  /** A key with all rights and no limits that only this process knows: the service's own client uses it. */
  readonly ownKey: string;
  readonly #ownId: string;
  readonly #own: RingKey;
  readonly #options: KeyRingOptions;
  readonly #now: () => number;
  readonly #monotonicMs: () => number;
  #keys = new Map<string, RingKey>();
  /** Of the file that was read last: what changes when it does. */
  #stamp = '';
  #checkedMs = -Infinity;
  #checking: Promise<void> | undefined;

  private constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    const principal = { keyId: 'own', keyName: '(own)', isAdmin: true, models: undefined };
    const { id, text } = makeApiKey();
    const hash = hashApiKey(text);
    this.ownKey = text;
    this.#ownId = id;
    this.#own = { hash, principal, expiresAt: undefined, isRevoked: false };
  }

  /** @throws EngineError `config_invalid` for a file that cannot be used, or is missing and may not be */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    const ring = new KeyRing(options);
    ring.#stamp = await stampOf(options.path);
    const keys = await readKeyFile(options.path);
    if (keys === undefined && !options.mayBeMissing) throw missing(options.path);
    ring.#take(keys ?? []);
    ring.#checkedMs = ring.#monotonicMs();
    return ring;
  }

  /** Of the file that is in use. */
  get numKeys(): number {
    return this.#keys.size;
  }

  /** Whether one of the texts that came with a request is a valid key; the first that is counts. */
  async check(texts: readonly string[]): Promise<KeyCheck> {
    await this.#reloadIfChanged();
    const checks = texts.map((text) => this.#checkOne(text));
    const valid = checks.find(({ isValid }) => isValid);
    if (valid !== undefined) return valid;
    const known = checks.find((check) => !check.isValid && check.keyName !== undefined);
    return known ?? checks[0] ?? { isValid: false, refusal: 'missing', keyName: undefined };
  }

  /** What the key of an id may do now; undefined where it is not valid any more. */
  async find(keyId: string): Promise<Principal | undefined> {
    await this.#reloadIfChanged();
    const key = keyId === this.#own.principal.keyId ? this.#own : this.#keys.get(keyId);
    return key === undefined || this.#refusalOf(key) !== undefined ? undefined : key.principal;
  }

  #refusalOf({ isRevoked, expiresAt }: RingKey): 'revoked' | 'expired' | undefined {
    if (isRevoked) return 'revoked';
    return expiresAt !== undefined && expiresAt <= this.#now() ? 'expired' : undefined;
  }

  /** Every text is hashed and compared once, whether or not there is a key of its id. */
  #checkOne(text: string): KeyCheck {
    const hash = hashApiKey(text);
    const id = idOfApiKey(text) ?? '';
    const key = id === this.#ownId ? this.#own : this.#keys.get(id);
    const isEqual = timingSafeEqual(hash, key?.hash ?? NO_HASH);
    if (key === undefined || !isEqual) return { isValid: false, refusal: 'unknown', keyName: undefined };
    const { keyName } = key.principal;
    const refusal = this.#refusalOf(key);
    if (refusal !== undefined) return { isValid: false, refusal, keyName };
    return { isValid: true, principal: key.principal };
  }

  async #reloadIfChanged(): Promise<void> {
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#checkedMs < RELOAD_INTERVAL_MS) return;
    // Others do not wait meanwhile.
    this.#checkedMs = nowMs;
    this.#checking ??= this.#reload().finally(() => (this.#checking = undefined));
    await withinTime(this.#checking, RELOAD_TIMEOUT_MS);
  }

  async #reload(): Promise<void> {
    const { path } = this.#options;
    const stamp = await stampOf(path);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      const keys = await readKeyFile(path);
      if (keys === undefined) throw missing(path);
      this.#take(keys);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#options.onProblem?.(error);
    }
  }

  #take(keys: readonly StoredKey[]): void {
    this.#keys = new Map(keys.map((key) => [key.id, toRingKey(key)]));
    this.#options.onLoaded?.(keys.length);
  }
}

function toRingKey(key: StoredKey): RingKey {
  const { id, name, sha256, isAdmin, models, limits, expiresAt, revokedAt } = key;
  const principal: Principal = {
    keyId: id,
    keyName: name,
    isAdmin,
    models,
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
  return {
    hash: Buffer.from(sha256, 'hex'),
    principal,
    expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
    isRevoked: revokedAt !== undefined,
  };
}

/** What changes when a file is written or replaced; empty where there is none. */
async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return '';
  }
}

/** Waits for a promise, but no longer than so; it goes on. */
async function withinTime(promise: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

function missing(path: string): EngineError {
  const remedy = `make a key with 'KEYS_FILE=${path} npx tokenflare keys create NAME'`;
  return new EngineError('config_invalid', `KEYS_FILE ${path}: there is no such file; ${remedy}`);
}
