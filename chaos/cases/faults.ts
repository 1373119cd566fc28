import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKey } from '../../src/access/edit-keys.ts';
import type { WrittenFile } from '../../src/written-files.ts';
import type { ChaosCase } from '../chaos-case.ts';
import { DAMAGES, filesOf, SERVED_FILES, settingsIn } from '../faults/files.ts';
import { parseJson } from '../fuzz/fuzz-script.ts';
import { PROBES, type Probe } from '../faults/probes.ts';
import type { Scene } from '../scene.ts';
import { times } from '../support/attack.ts';
import { Client } from '../support/client.ts';
import { childrenOf, isAlive, programOf, WORKERS } from '../support/proc.ts';
import type { ServiceUnderTest, Settings } from '../support/service.ts';
import { sleep, until } from '../support/until.ts';

/** What a machine does to a service: damaged files, a full disk, a clock that jumps, children that are killed. */

const KEYS_FILE = 'API keys';
/** So that a runtime is measured, and what came out of it is written. */
const MEASURED: Settings = { RUNTIME: 'auto' };
/** What the service writes for all probes takes less. */
const DISK_MB = 48;
const FAKE_TIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const JUMPS = ['+1h', '-1h'];
const HALF_AN_HOUR_MS = 1_800_000;
const RECOVERY_LIMIT_MS = 40_000;
const KILL_EVERY_MS = 300;
const NUM_CLIENTS = 4;

/** Where a case's service writes, with a key that its clients bring. */
class Home {
  readonly folder: string;
  readonly settings: Settings;
  #key = '';
  #numRounds = 0;

  constructor(folder: string, more: Settings = {}) {
    this.folder = folder;
    this.settings = { ...settingsIn(folder), PREFIX_CACHE_DISK_MB: '16', ...more };
  }

  async writeKey(): Promise<void> {
    const file = this.settings['KEYS_FILE'] ?? '';
    const limits = { requestsPerMinute: 10_000, tokensPerMinute: 10_000_000, concurrency: 100 };
    const key = { name: 'chaos', isAdmin: true, limits, models: undefined, expiresAt: undefined };
    this.#key = (await createKey(file, key)).text;
  }

  client(service: ServiceUnderTest): Client {
    return new Client(service.url, '127.0.0.1', { authorization: `Bearer ${this.#key}` });
  }

  /** Runs probes, one after the other. @returns those that found a fault, with what it was */
  async probe(service: ServiceUnderTest): Promise<Map<Probe, string>> {
    const client = this.client(service);
    const faults = new Map<Probe, string>();
    for (const probe of PROBES) {
      const fault = await probe.run(client, this.#numRounds++);
      if (fault !== undefined) faults.set(probe, fault);
    }
    client.close();
    return faults;
  }

  /** All probes hold; those that may fail are answered at least. */
  async expectProbes(
    scene: Scene,
    service: ServiceUnderTest,
    when: string,
    mayFail: (probe: Probe) => boolean = () => false,
  ): Promise<void> {
    for (const [probe, fault] of await this.probe(service)) {
      const isExcused = mayFail(probe) && !isUnanswered(fault);
      scene.expect(isExcused, `${when}: ${probe.name}: ${fault}`);
    }
    scene.expect(!service.hasEnded, `${when}: the service has ended: ${service.stderr().slice(-300)}`);
  }
}

/** Status 0 is that of a connection that broke. */
const isUnanswered = (fault: string): boolean => fault.includes(': 0 ');

const needsOneOf =
  (files: Iterable<string>) =>
  ({ needs }: Probe): boolean =>
    [...files].some((file) => needs.includes(file));

/** Every file has another damage in each round, and each damage in as many rounds as there are. */
function damageAll(files: readonly WrittenFile[], folder: string, number: number): Map<string, string> {
  const done = new Map<string, string>();
  for (const [index, file] of files.entries()) {
    const damage = DAMAGES[(index + number) % DAMAGES.length];
    const paths = filesOf(file, folder);
    if (damage === undefined || paths.length === 0) continue;
    for (const path of paths) damage.apply(path);
    done.set(file.name, damage.name);
  }
  return done;
}

const described = (damage: ReadonlyMap<string, string>): string =>
  [...damage].map(([file, how]) => `${file}: ${how}`).join('; ');

async function damagedFiles(scene: Scene): Promise<void> {
  const numRounds = Math.min(scene.scaled(2), DAMAGES.length);
  const written = new Set<string>();
  for (let number = 0; number < numRounds; number++) {
    const home = new Home(scene.fixtures.directory(), MEASURED);
    await home.writeKey();
    const first = await scene.launch({ settings: home.settings });
    await home.expectProbes(scene, first, 'before anything is damaged');
    for (const file of SERVED_FILES) if (filesOf(file, home.folder).length > 0) written.add(file.name);
    const running = damageAll(SERVED_FILES, home.folder, number);
    await home.expectProbes(scene, first, `under way, ${described(running)}`, needsOneOf(running.keys()));
    // What a process leaves that could not tidy up: locks, journals, parts of files.
    await first.end('SIGKILL', RECOVERY_LIMIT_MS);
    const atStart = damageAll(
      SERVED_FILES.filter(({ name }) => name !== KEYS_FILE),
      home.folder,
      number + 1,
    );
    rmSync(home.settings['KEYS_FILE'] ?? '', { force: true });
    await home.writeKey();
    const second = await scene.launch({ settings: home.settings });
    const damaged = needsOneOf([...running.keys(), ...atStart.keys()]);
    await home.expectProbes(scene, second, `at a start, ${described(atStart)}`, damaged);
    await home.expectProbes(scene, second, `again after a start, ${described(atStart)}`, damaged);
    await second.stop();
  }
  for (const { name, kind } of SERVED_FILES)
    scene.expect(written.has(name) || kind === 'lock', `nothing wrote what is damaged here: ${name}`);
  scene.notes.push(`${numRounds} rounds, ${written.size} files`);
}

async function damagedKeys(scene: Scene): Promise<void> {
  const keys = SERVED_FILES.filter(({ name }) => name === KEYS_FILE);
  await Promise.all(
    DAMAGES.map(async ({ name }, number) => {
      const home = new Home(scene.fixtures.directory());
      await home.writeKey();
      damageAll(keys, home.folder, number);
      const service = scene.spawn({ settings: home.settings });
      const refusal = await service.ready().then(
        () => undefined,
        (error: unknown) => String(error),
      );
      // A byte in the middle may be one of a name.
      const isTold = refusal?.includes('KEYS_FILE') ?? name.includes('middle');
      scene.expect(isTold, `keys with ${name}: ${refusal ?? 'the service starts'}`);
    }),
  );
}

async function fullDisk(scene: Scene): Promise<void> {
  const disk = scene.fixtures.directory();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'none', disk]);
  if (mount.status !== 0) scene.skip('a disk of its own needs root');
  try {
    const home = new Home(join(disk, 'home'));
    mkdirSync(home.folder);
    await home.writeKey();
    const service = await scene.launch({ settings: home.settings });
    await home.expectProbes(scene, service, 'with room');
    const filler = join(disk, 'filler');
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
    for (let number = 0; number < scene.scaled(2); number++)
      await home.expectProbes(scene, service, 'on a full disk', ({ loss }) => loss !== undefined);
    const told = `${service.stdout()}\n${service.stderr()}`;
    for (const { name, loss } of PROBES)
      scene.expect(loss?.test(told) ?? true, `on a full disk nothing tells what is lost of: ${name}`);
    rmSync(filler);
    await home.expectProbes(scene, service, 'with room again');
    await service.stop();
  } finally {
    spawnSync('umount', ['-l', disk]);
  }
}

async function clockJumps(scene: Scene): Promise<void> {
  if (!existsSync(FAKE_TIME)) scene.skip('the package faketime is not installed');
  const folder = scene.fixtures.directory();
  const clock = join(folder, 'clock');
  writeFileSync(clock, '+0\n');
  const home = new Home(folder, {
    LD_PRELOAD: FAKE_TIME,
    FAKETIME_TIMESTAMP_FILE: clock,
    ...{ FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' },
  });
  await home.writeKey();
  let service = await scene.launch({ settings: home.settings });
  await home.expectProbes(scene, service, 'by the right time');
  for (const jump of JUMPS) {
    writeFileSync(clock, `${jump}\n`);
    await home.expectProbes(scene, service, `the clock jumps to ${jump}`);
    const { time } = parseJson(service.logLines().at(-1) ?? '') as { time: string };
    const isElsewhere = Math.abs(Date.parse(time) - Date.now()) > HALF_AN_HOUR_MS;
    scene.expect(isElsewhere, `the log has the time ${time}: the clock has not jumped`);
    // Locks and times of files are then of another time.
    await service.end('SIGKILL', RECOVERY_LIMIT_MS);
    service = await scene.launch({ settings: home.settings });
    await home.expectProbes(scene, service, `a start after the jump to ${jump}`);
  }
}

/** Kills children at random while all probes run, each kind of child several times. */
async function killedChildren(scene: Scene): Promise<void> {
  const home = new Home(scene.fixtures.directory());
  await home.writeKey();
  const service = await scene.launch({ settings: home.settings });
  await home.expectProbes(scene, service, 'before anything is killed');
  const killed = new Map<string, number>();
  const most = Math.min(scene.scaled(1), 10);
  const isOver = (): boolean => WORKERS.every((program) => (killed.get(program) ?? 0) >= most);
  const endsAt = performance.now() + RECOVERY_LIMIT_MS;
  const runs = times(NUM_CLIENTS, async () => {
    while (!isOver() && performance.now() < endsAt)
      for (const fault of (await home.probe(service)).values())
        scene.expect(!isUnanswered(fault), `a connection broke: ${fault}`);
  });
  while (!isOver() && performance.now() < endsAt) {
    await sleep(KILL_EVERY_MS);
    const rarest = childrenOf(service.pid)
      .map((pid) => ({ pid, program: programOf(pid) }))
      .toSorted((a, b) => (killed.get(a.program) ?? 0) - (killed.get(b.program) ?? 0))[0];
    if (rarest === undefined || !isAlive(rarest.pid)) continue;
    process.kill(rarest.pid, 'SIGKILL');
    killed.set(rarest.program, (killed.get(rarest.program) ?? 0) + 1);
  }
  await runs;
  for (const program of WORKERS) scene.expect(killed.has(program), `no ${program} was there to be killed`);
  await until(async () => (await home.probe(service)).size === 0, RECOVERY_LIMIT_MS);
  await home.expectProbes(scene, service, 'after the last death');
  scene.notes.push([...killed].map(([program, count]) => `${count} ${program}`).join(', '));
}

export const FAULT_CASES: readonly ChaosCase[] = [
  {
    name: 'damaged-files',
    shows: ['gateway', 'vectorize', 'benchmarks'],
    attack: 'each file that a service writes is damaged in several ways, under way and before a start',
    ownServices: true,
    run: damagedFiles,
  },
  {
    name: 'damaged-keys',
    shows: ['keys'],
    attack: 'a start with an API keys file that is damaged in each way',
    ownServices: true,
    run: damagedKeys,
  },
  {
    name: 'no-space',
    shows: ['gateway', 'vectorize', 'benchmarks'],
    attack: 'no byte is left on the disk that everything is written to',
    ownServices: true,
    run: fullDisk,
  },
  {
    name: 'clock-jumps',
    shows: ['process'],
    attack: 'the clock jumps by an hour to either side, under way and before a start after SIGKILL',
    ownServices: true,
    run: clockJumps,
  },
  {
    name: 'children-killed',
    shows: ['process'],
    attack: 'SIGKILL to children of each kind, while everything is asked for',
    ownServices: true,
    run: killedChildren,
  },
];
