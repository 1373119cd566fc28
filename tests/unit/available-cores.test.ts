import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { availableCores } from '../../src/available-cores.ts';

const V1_MOUNT = '33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct';
const V2_MOUNT = '30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate';

const coresIn = (cores: number, files: Record<string, string>): number =>
  availableCores(cores, (path) => files[path]);

describe('availableCores', () => {
  it.each([
    ['max 100000', 8],
    ['100000 100000', 1],
    ['250000 100000', 2],
    ['50000 100000', 1],
    ['1600000 100000', 8],
    ['nonsense', 8],
  ])('follows cpu.max %s of version 2 on 8 cores: %i', (max, cores) => {
    const files = {
      '/proc/self/cgroup': '0::/service\n',
      '/proc/self/mountinfo': `${V2_MOUNT}\n`,
      '/sys/fs/cgroup/service/cpu.max': max,
    };
    expect(coresIn(8, files)).toBe(cores);
  });

  it('takes the least of the cgroups that lie in one another', () => {
    const files = {
      '/proc/self/cgroup': '0::/kubepods/pod1/one\n',
      '/proc/self/mountinfo': V2_MOUNT,
      '/sys/fs/cgroup/kubepods/pod1/one/cpu.max': 'max 100000',
      '/sys/fs/cgroup/kubepods/pod1/cpu.max': '300000 100000',
      '/sys/fs/cgroup/kubepods/cpu.max': '400000 100000',
    };
    expect(coresIn(8, files)).toBe(3);
  });

  it('follows the quota of version 1, also where the mount begins at the cgroup', () => {
    const files = {
      '/proc/self/cgroup': '5:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n',
      '/proc/self/mountinfo': V1_MOUNT,
      '/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us': '200000\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us': '100000\n',
    };
    expect(coresIn(8, files)).toBe(2);
    const inside = {
      '/proc/self/cgroup': files['/proc/self/cgroup'],
      '/proc/self/mountinfo': V1_MOUNT.replace(' / ', ' /docker/abc '),
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    };
    expect(coresIn(8, inside)).toBe(2);
    expect(coresIn(8, { ...inside, '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n' })).toBe(8);
  });

  it('is the number of cores where there are no cgroups', () => {
    expect(coresIn(4, {})).toBe(4);
  });

  it.runIf(process.getuid?.() === 0 && cpuController() !== undefined)(
    'is one in a process whose cgroup has the time of one core, whatever the machine has',
    () => {
      const folder = join(cpuController() ?? '', `tokenflare-test-${process.pid}`);
      mkdirSync(folder);
      try {
        setQuota(folder);
        const module = new URL('../../src/available-cores.ts', import.meta.url).href;
        const code = `import(${JSON.stringify(module)}).then((m) => console.log(m.availableCores(8), m.availableCores()))`;
        const said = execFileSync(
          'sh',
          [
            '-c',
            `echo $$ > ${folder}/cgroup.procs && exec "$0" --import tsx -e "$1"`,
            process.execPath,
            code,
          ],
          { encoding: 'utf8' },
        );
        expect(said.trim()).toBe('1 1');
        expect(availableCores(availableParallelism())).toBeGreaterThanOrEqual(1);
      } finally {
        rmdirSync(folder);
      }
    },
  );
});

/** Where this process may set quotas, of version 1 or 2. */
function cpuController(): string | undefined {
  if (existsSync('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')) return '/sys/fs/cgroup/cpu';
  return existsSync('/sys/fs/cgroup/cpu.max') ? '/sys/fs/cgroup' : undefined;
}

function setQuota(folder: string): void {
  const v1 = join(folder, 'cpu.cfs_quota_us');
  if (existsSync(v1)) writeFileSync(v1, '100000');
  else writeFileSync(join(folder, 'cpu.max'), '100000 100000');
}
