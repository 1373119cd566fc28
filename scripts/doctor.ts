import { availableParallelism, cpus, totalmem } from 'node:os';
import { releaseWarning } from '../src/release-warning.ts';
import { doctorReport } from '../src/runtime/doctor-report.ts';
import { probeRuntime, type RuntimeProbe } from '../src/runtime/probe-runtime.ts';
import { fastestOf } from '../src/runtime/start-runtime.ts';
import { RUNTIME_NAMES } from '../src/runtime/traits.ts';

/** Which runtimes work on this machine, and what the others lack. */
const probes: RuntimeProbe[] = [];
// One after another: two runtimes that start at once share the cores, and may share a GPU's memory.
for (const name of RUNTIME_NAMES) probes.push(await probeRuntime(name));

const machine =
  `Node ${process.versions.node}, ${process.platform} ${process.arch}, ` +
  `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ` +
  `${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
const working = probes.flatMap((probe) =>
  probe.works && probe.device.isSoftware !== true ? [probe.name] : [],
);
process.stdout.write(doctorReport(machine, probes, fastestOf(working) ?? 'none: no runtime works here'));
const warning = releaseWarning(process.versions.node);
if (warning !== undefined) process.stdout.write(`\n${warning}\n`);
