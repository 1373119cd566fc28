import type { FormatsReport } from '../modes/formats.ts';

export function formatFormats(report: FormatsReport): string {
  return JSON.stringify(report, undefined, 1);
}
