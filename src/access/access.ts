import { EngineError } from '../errors.ts';
import type { Config } from '../config/settings.ts';
import { KeyRing } from './key-ring.ts';
import type { LimitStore } from './limit-store.ts';
import type { LimitsObserver } from './open-limits.ts';
import { SharedLimits } from './shared-limits.ts';

/** Who may use the service, and how much. */
export interface Access {
  /** Undefined: no key is asked for, and none is looked at. */
  readonly keys: KeyRing | undefined;
  readonly allowsAnonymous: boolean;
  /** Undefined without keys. */
  readonly limits: LimitStore | undefined;
  /** Where limits are counted together with other replicas; undefined without Redis. */
  readonly sharing: Pick<SharedLimits, 'isShared' | 'numFallbacks'> | undefined;
  close(): Promise<void>;
}

export type AccessConfig = Pick<
  Config,
  'host' | 'keysFile' | 'allowAnonymous' | 'redisUrl' | 'limitsFallback'
>;

/** Told of what happens, for the log. Must not throw. */
export interface AccessObserver extends LimitsObserver {
  onKeysLoaded?(numKeys: number): void;
  onKeysProblem?(error: EngineError): void;
}

const LOOPBACK_HOST = /^(?:(?:::ffff:)?127\.\d+\.\d+\.\d+|::1|localhost)$/;

/**
 * Reads the keys and connects to Redis, where they are configured.
 *
 * @throws EngineError `config_invalid` where the service would be open to the network and no setting allows it, or for
 * a key file that cannot be used
 */
export async function openAccess(config: AccessConfig, observer: AccessObserver = {}): Promise<Access> {
  checkIsClosed(config);
  const { keysFile, allowAnonymous: allowsAnonymous } = config;
  if (keysFile === undefined) {
    const close = (): Promise<void> => Promise.resolve();
    return { keys: undefined, allowsAnonymous, limits: undefined, sharing: undefined, close };
  }
  const keys = await KeyRing.open({
    path: keysFile,
    mayBeMissing: allowsAnonymous,
    onLoaded: (numKeys) => observer.onKeysLoaded?.(numKeys),
    onProblem: (error) => observer.onKeysProblem?.(error),
  });
  // Only where it is asked for, since it loads a library.
  const { openLimits } = await import('./open-limits.ts');
  const limits = await openLimits(config, observer);
  const sharing = limits instanceof SharedLimits ? limits : undefined;
  return { keys, allowsAnonymous, limits, sharing, close: () => limits.close() };
}

/** Without keys the service is for this machine alone, unless `ALLOW_ANONYMOUS` opens it. */
function checkIsClosed({ host, keysFile, allowAnonymous }: AccessConfig): void {
  if (keysFile !== undefined || allowAnonymous || LOOPBACK_HOST.test(host)) return;
  throw new EngineError(
    'config_invalid',
    `HOST is '${host}', which other machines may reach, and there are no API keys. Make one with ` +
      "'KEYS_FILE=keys.json npx tokenflare keys create NAME' and start with KEYS_FILE=keys.json; or serve requests " +
      'without a key by ALLOW_ANONYMOUS=on',
  );
}
