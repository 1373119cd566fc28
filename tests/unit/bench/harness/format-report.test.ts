import { expect, it } from 'vitest';
import { formatCost } from '../../../../bench/harness/format-cost.ts';
import { formatFormats } from '../../../../bench/harness/format-report.ts';
import type { LatencySummary } from '../../../../src/bench/latency-summary.ts';

const summary = (p50: number, p99: number): LatencySummary => ({ mean: p50, p50, p95: p99, p99 });
const step = { numSequences: 8, numRows: 8, numTokens: 8, durationMs: 10, modelMs: 9, formatMs: 0 };

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
        steps: formatCost([{ without: [step], with: [formed] }], 8),
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
    '| embedded',
    'off',
    '10.00, 12.50 (1.25)',
    '10.00, 12.50 (1.25)',
    '8.0, 12.0',
    '8.0, 16.0',
    '800, 1280 (1.60)',
    '1.00, 2.50',
    '25.0 µs; 0.40 ms, 0.4 ms',
    '15 % (15 % to 15 %); at most 10 %: **missed** |',
  ]);
  expect(lines[9]).toBe('| embedded | off | 5.0 (7.0) | 6.0 (8.0) | 26.0 (40.0) | 470 | 1.3 (3.0) |');
});
