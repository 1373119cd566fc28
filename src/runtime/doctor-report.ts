import type { RuntimeProbe } from './probe-runtime.ts';

const GIB = 2 ** 30;

/** What `tokenflare doctor` prints: a line for each runtime that works, the reason and remedy for each that does not. */
export function doctorReport(machine: string, probes: readonly RuntimeProbe[], fastest: string): string {
  const width = Math.max(...probes.map(({ name }) => name.length));
  const lines = probes.map((probe) => `  ${probe.name.padEnd(width)}  ${describeProbe(probe)}`);
  return [machine, '', ...lines, '', `RUNTIME=auto takes ${fastest}.`, ''].join('\n');
}

/** Of a single runtime. */
export const doctorReportLine = (probe: RuntimeProbe): string => `${probe.name}: ${describeProbe(probe)}`;

function describeProbe(probe: RuntimeProbe): string {
  if (!probe.works) return `no: ${probe.reason}`;
  const { name, memoryBytes, isSoftware = false } = probe.device;
  const memory = memoryBytes === undefined ? 'memory not told' : `${(memoryBytes / GIB).toFixed(1)} GiB`;
  const software = isSoftware ? '; a GPU in software: right but slow, auto never takes it' : '';
  return `yes: ${probe.description}; on ${name}, ${memory}; starts in ${probe.startMs} ms${software}`;
}
