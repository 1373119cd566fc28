import { summarise } from '../src/bench/latency-summary.ts';
import { runFuzzLoop } from './fuzz/fuzz-loop.ts';
import type { FuzzKind } from './fuzz/fuzz-script.ts';
import { withModel } from './scene.ts';
import { Client } from './support/client.ts';
import { Fixtures } from './support/fixtures.ts';
import { fillStores } from './support/fill-stores.ts';
import { residentByProgram, treeOf } from './support/proc.ts';
import { ServiceUnderTest } from './support/service.ts';
import { until } from './support/until.ts';

const SAMPLE_MS = 1000;
/** What the last third may have beyond the second. */
const FLAT_FACTOR = 1.05;
const MAX_FINDINGS = 50;
const RECOVERY_MS = 60_000;

interface SoakOptions {
  minutes: number;
  seed: number;
  kinds: readonly FuzzKind[];
}

/**
 * Fuzzers in turn against one service for so many minutes, its memory looked at each second. All that it keeps for clients
 * is full from the start, so that no store which fills is taken for a leak. Returns how much is wrong: answers that are
 * bad, and processes whose memory grew from the second third to the last.
 */
export async function soak({ minutes, seed, kinds }: SoakOptions): Promise<number> {
  const fixtures = new Fixtures();
  const service = await ServiceUnderTest.launch(withModel({}, fixtures));
  await fillStores(service.url);
  const client = new Client(service.url);
  const samples: Sample[] = [];
  const timer = setInterval(() => samples.push(residentByProgram(treeOf(service.pid))), SAMPLE_MS);
  const { numRequests, statuses, faults } = await runFuzzLoop({
    kinds,
    client,
    seed,
    endsAt: performance.now() + minutes * 60_000,
    maxFindings: MAX_FINDINGS,
    recover: () =>
      until(async () => (await client.get('/ready', { limitMs: 2000 })).status === 200, RECOVERY_MS, 200),
  });
  clearInterval(timer);
  client.close();
  await service.stop();
  await fixtures.remove();
  const counts = [...statuses].map(([status, count]) => `${status}: ${count}`).join(', ');
  process.stdout.write(`${numRequests} requests in ${minutes} minutes, ${counts}, seed ${seed}\n`);
  for (const fault of faults) process.stdout.write(`FAILED  ${fault}\n`);
  const programs = new Set(samples.flatMap((one) => Object.keys(one)));
  const numGrown = [...programs].filter((program) => !tellMemory(program, samples)).length;
  return faults.length + numGrown;
}

/** Resident bytes by program. */
type Sample = Readonly<Record<string, number>>;

/** Writes the medians of the thirds. Returns whether they are flat. What ran only now and then does not count. */
function tellMemory(program: string, samples: readonly Sample[]): boolean {
  const third = Math.floor(samples.length / 3);
  const medians = [0, 1, 2].map(
    (part) =>
      summarise(samples.slice(part * third, (part + 1) * third).map((one) => one[program] ?? 0))?.p50 ?? 0,
  );
  const [, second = 0, last = 0] = medians;
  const isFlat = last <= second * FLAT_FACTOR;
  const text = medians.map((bytes) => Math.round(bytes / 2 ** 20)).join(', ');
  process.stdout.write(`${isFlat ? 'flat   ' : 'GREW   '} ${program}: ${text} MiB (medians of thirds)\n`);
  return isFlat;
}
