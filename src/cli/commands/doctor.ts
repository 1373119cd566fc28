import { cpus, totalmem } from 'node:os';
import type { Command } from 'commander';
import { availableCores } from '../../available-cores.ts';
import { releaseWarning } from '../../release-warning.ts';
import { fastestOf } from '../../runtime/auto/choose-runtime.ts';
import { USUAL_SHAPE } from '../../runtime/auto/trial.ts';
import { doctorReport } from '../../runtime/doctor-report.ts';
import { probeRuntime, type RuntimeProbe } from '../../runtime/probe-runtime.ts';
import { RUNTIME_NAMES } from '../../runtime/traits.ts';

export function configureDoctor(command: Command): void {
  command.action(examine);
}

/** Says which runtimes work on this machine, how fast they are, and what the others lack. */
async function examine(): Promise<void> {
  const probes: RuntimeProbe[] = [];
  const trial = { shape: USUAL_SHAPE, options: { numThreads: undefined, weights: 'auto' as const } };
  // One after another: two runtimes that start at once share the cores, and may share a GPU's memory.
  for (const name of RUNTIME_NAMES) {
    // The definition in JavaScript would take half a minute, and is never taken.
    probes.push(await probeRuntime(name, name === 'cpu' ? undefined : trial));
  }
  process.stdout.write(doctorReport(describeMachine(), probes, fastestOf(probes)));
  const warning = releaseWarning(process.versions.node);
  if (warning !== undefined) process.stdout.write(`\n${warning}\n`);
}

function describeMachine(): string {
  return (
    `Node ${process.versions.node}, ${process.platform} ${process.arch}, ` +
    `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableCores()} cores, ` +
    `${(totalmem() / 2 ** 30).toFixed(1)} GiB`
  );
}
