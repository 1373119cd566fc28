import { expect, it } from 'vitest';
import { formatCost, type FormatCost } from '../../../../bench/harness/format-cost.ts';
import { formatFormats } from '../../../../bench/harness/format-report.ts';
import type { LoggedStep } from '../../../../bench/harness/step-log.ts';
import type { LatencySummary } from '../../../../src/bench/latency-summary.ts';

const summary = (p50: number, p99: number): LatencySummary => ({ mean: p50, p50, p95: p99, p99 });
const step = { numSequences: 8, numRows: 8, numTokens: 8, durationMs: 10, modelMs: 9, formatMs: 0 };

const turn = <Step>(step: Step): Step[] => Array.from({ length: 20 }, () => step);

const costOf = (formed: LoggedStep): FormatCost =>
  formatCost([{ without: turn(step), with: turn(formed) }], 8);

it('has a line for each service in both tables, and tells where it was measured', () => {
  const formed = { ...step, numRows: 12, numTokens: 16, durationMs: 12.5, modelMs: 10, formatMs: 0.4 };
  const text = formatFormats({
    maxTokens: 96,
    rounds: 1,
    machine: {
      cpu: 'A processor',
      numCores: 2,
      memoryBytes: 8 * 2 ** 30,
      platform: 'linux-x64',
      nodeVersion: 'v20.20.2',
      loadBefore: 0.1,
      loadAfter: 1.5,
    },
    readings: [
      {
        model: 'embedded',
        runtime: 'tfjs native',
        speculation: 'off',
        steps: { served: costOf(formed), 'same-rows': costOf({ ...step, formatMs: 0.1 }) },
        firstTokens: {
          ttftMs: { without: summary(5, 7), kept: summary(6, 8), new: summary(26, 40) },
          firstOfAllMs: 470.4,
          newFormatMs: summary(1.25, 3),
        },
      },
    ],
  });
  const lines = text.split('\n');
  expect(lines[0]).toBe('2 cores of A processor, Node v20.20.2, load 0.1 before, 1.5 after; tfjs native.');
  expect(lines[5]?.split(' | ')).toEqual([
    '| embedded, off',
    'as served',
    '1',
    '8.0, 12.0',
    '8.0, 16.0',
    '10.00, 12.50 (1.25)',
    '10.00, 12.50 (1.25, 1.25–1.25)',
    'at most 1.1: **missed**',
    '1.00, 2.50 (15 %)',
    '25.0 µs; 0.40 ms, 0.4 ms',
    '800, 1280 (1.60) |',
  ]);
  expect(lines[6]).toContain('| with `logprobs` | 1 | 8.0, 8.0 |');
  expect(lines[6]).toContain('| at most 1.1: met |');
  expect(lines[10]).toBe('| embedded | off | 5.0 (7.0) | 6.0 (8.0) | 26.0 (40.0) | 470 | 1.3 (3.0) |');
});
