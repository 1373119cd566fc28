import { cpus, loadavg, totalmem } from 'node:os';
import { availableCores } from '../available-cores.ts';

/** Where a benchmark's client ran: its numbers mean nothing without it. */
export interface MachineReport {
  cpu: string;
  /** Cores this process may use. */
  numCores: number;
  memoryBytes: number;
  platform: string;
  nodeVersion: string;
  /** Runnable processes, mean of the last minute, before and after: above 0 before means others were at work. */
  loadBefore: number;
  loadAfter: number;
}

export function readLoad(): number {
  return loadavg()[0] ?? 0;
}

export function describeMachine(loadBefore: number): MachineReport {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    numCores: availableCores(),
    memoryBytes: totalmem(),
    platform: `${process.platform}-${process.arch}`,
    nodeVersion: process.version,
    loadBefore,
    loadAfter: readLoad(),
  };
}
