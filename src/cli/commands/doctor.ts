import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Command } from 'commander';
import { releaseWarning } from '../../release-warning.ts';
import { doctorReport } from '../../runtime/doctor-report.ts';
import { probeRuntime, type RuntimeProbe } from '../../runtime/probe-runtime.ts';
import { fastestOf } from '../../runtime/start-runtime.ts';
import { RUNTIME_NAMES } from '../../runtime/traits.ts';

export function configureDoctor(command: Command): void {
  command.action(examine);
}

/** Says which runtimes work on this machine, and what the others lack. */
async function examine(): Promise<void> {
  const probes: RuntimeProbe[] = [];
  // One after another: two runtimes that start at once share the cores, and may share a GPU's memory.
  for (const name of RUNTIME_NAMES) probes.push(await probeRuntime(name));
  const working = probes.flatMap((probe) =>
    probe.works && probe.device.isSoftware !== true ? [probe.name] : [],
  );
  const fastest = fastestOf(working) ?? 'none: no runtime works here';
  process.stdout.write(doctorReport(describeMachine(), probes, fastest));
  const warning = releaseWarning(process.versions.node);
  if (warning !== undefined) process.stdout.write(`\n${warning}\n`);
}

function describeMachine(): string {
  return (
    `Node ${process.versions.node}, ${process.platform} ${process.arch}, ` +
    `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ` +
    `${(totalmem() / 2 ** 30).toFixed(1)} GiB`
  );
}
