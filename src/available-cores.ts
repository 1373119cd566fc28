import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/** Reads a file of the system, or says that there is none. */
type ReadText = (path: string) => string | undefined;

const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * How many threads can compute at once: the cores that this process may run on, and no more than the quota of its
 * cgroup gives it the time of. A thread beyond the quota would have all of them wait together. Part of a core that is
 * left over is for the threads that do not compute. Node knows the quota from version 24 on.
 *
 * @returns 1 or more
 */
export function availableCores(
  cores = availableParallelism(),
  read: ReadText = process.platform === 'linux' ? readText : () => undefined,
): number {
  const quota = cgroupCores(read);
  return quota === undefined ? cores : Math.max(1, Math.min(cores, Math.floor(quota)));
}

/** The quota in cores, the least of the cgroup's own and of those it lies in; undefined: there is none. */
function cgroupCores(read: ReadText): number | undefined {
  const folders = cgroupFolders(read('/proc/self/cgroup') ?? '', read('/proc/self/mountinfo') ?? '');
  const quotas = folders.flatMap(({ mount, folder, isV2 }) => {
    const own: number[] = [];
    for (let at = folder; ; at = dirname(at)) {
      const quota = isV2 ? quotaOfV2(read(join(at, 'cpu.max'))) : quotaOfV1(at, read);
      if (quota !== undefined) own.push(quota);
      if (at === mount || !at.startsWith(mount)) return own;
    }
  });
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

interface CgroupFolder {
  readonly mount: string;
  readonly folder: string;
  readonly isV2: boolean;
}

/** Where the files of this process's cgroups are: of version 2, and of the controller `cpu` of version 1. */
function cgroupFolders(cgroups: string, mountinfo: string): CgroupFolder[] {
  const paths = cgroups.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  return mountinfo.split('\n').flatMap((line): CgroupFolder[] => {
    // ID parent major:minor ROOT MOUNT options - TYPE source superoptions
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '/', mount = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    const isV2 = type === 'cgroup2';
    if (!isV2 && (type !== 'cgroup' || !options.split(',').includes('cpu'))) return [];
    const path = paths.find((one) => (isV2 ? one?.[1] === '' : one?.[1]?.split(',').includes('cpu')))?.[2];
    if (path === undefined) return [];
    // In a container the mount begins at the container's own cgroup, which its path may name a second time.
    const inside = path.startsWith(root) ? path.slice(root === '/' ? 0 : root.length) : '/';
    return [{ mount, folder: join(mount, inside).replace(/(?<=.)\/$/, ''), isV2 }];
  });
}

/** `100000 100000`, or `max 100000`. */
function quotaOfV2(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? '').trim().split(' ').map(Number);
  return quotient(quota, period);
}

/** -1: no quota. */
const quotaOfV1 = (folder: string, read: ReadText): number | undefined =>
  quotient(
    Number(read(join(folder, 'cpu.cfs_quota_us')) ?? '-1'),
    Number(read(join(folder, 'cpu.cfs_period_us')) ?? '0'),
  );

const quotient = (quota = NaN, period = NaN): number | undefined =>
  quota > 0 && period > 0 ? quota / period : undefined;
