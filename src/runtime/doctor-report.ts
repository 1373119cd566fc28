import { requestMs } from './auto/choose-runtime.ts';
import type { RuntimeProbe } from './probe-runtime.ts';
import type { RuntimeName } from './traits.ts';

const GIB = 2 ** 30;

/**
 * What `tokenflare doctor` prints: a line for each runtime that works, the reason and remedy for each that does not.
 *
 * @param fastest undefined: none works
 */
export function doctorReport(
  machine: string,
  probes: readonly RuntimeProbe[],
  fastest: RuntimeName | undefined,
): string {
  const width = Math.max(...probes.map(({ name }) => name.length));
  const lines = probes.map((probe) => `  ${probe.name.padEnd(width)}  ${describeProbe(probe)}`);
  const taken =
    fastest === undefined ? 'none: no runtime works here' : `the fastest, for this shape ${fastest}`;
  return [machine, '', ...lines, '', `RUNTIME=auto takes ${taken}.`, ''].join('\n');
}

/** Of a single runtime. */
export const doctorReportLine = (probe: RuntimeProbe): string => `${probe.name}: ${describeProbe(probe)}`;

function describeProbe(probe: RuntimeProbe): string {
  if (!probe.works) return `no: ${probe.reason}`;
  const { name, memoryBytes, isSoftware = false } = probe.device;
  const memory = memoryBytes === undefined ? 'memory not told' : `${(memoryBytes / GIB).toFixed(1)} GiB`;
  const speed =
    probe.figures === undefined
      ? ''
      : `; ${requestMs(probe.figures).toFixed(0)} ms for a request of 128 + 64 tokens of some of GPT-2 small's blocks`;
  const software = isSoftware ? '; a GPU in software: right but slow, auto never takes it' : '';
  return `yes: ${probe.description}; on ${name}, ${memory}; starts in ${probe.startMs} ms${speed}${software}`;
}
