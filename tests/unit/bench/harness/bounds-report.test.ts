import { expect, it } from 'vitest';
import { judgeBound, type BoundReading } from '../../../../bench/harness/bounds.ts';
import { formatBounds } from '../../../../bench/harness/bounds-report.ts';

it('has a line for each bound, and tells where it was measured', () => {
  const readings: BoundReading[] = [
    { name: 'context', values: [1.3, 1.6, 1.7], details: '16 ms at 1000 tokens, 10 ms at 16' },
    { name: 'memory', notMeasured: 'resident memory is read on Linux alone' },
    { name: 'event-loop', values: [4, 8], details: '16 streams' },
    { name: 'idle', values: [0.314], details: '20 s' },
  ];
  const text = formatBounds({
    startedAt: '2026-11-25T10:00:00.000Z',
    durationMs: 61_400,
    machine: {
      cpu: 'A processor',
      numCores: 2,
      memoryBytes: 8 * 2 ** 30,
      platform: 'linux-x64',
      nodeVersion: 'v20.20.2',
      loadBefore: 0.1,
      loadAfter: 1.5,
    },
    model: 'GPT-2 small, random',
    runtime: 'tfjs wasm, 2 threads',
    device: 'A card',
    readings,
    verdicts: readings.flatMap((reading) => judgeBound(reading) ?? []),
  });
  const lines = text.split('\n');
  expect(lines[0]).toBe('|  | median (lowest to highest) | bound |  | measured |');
  const cells = lines.slice(2, 6).map((line) => line.split(' | ').slice(1));
  expect(cells).toEqual([
    ['1.60 (1.30–1.70)', 'at most 1.5', '**missed**', '16 ms at 1000 tokens, 10 ms at 16 |'],
    ['–', 'at most 1.4', 'not measured', 'resident memory is read on Linux alone |'],
    ['6.00 ms (4.00–8.00)', 'under 20 ms', 'met', '16 streams |'],
    ['0.31 %', 'under 1 %', 'met', '20 s |'],
  ]);
  expect(text).toContain(
    'GPT-2 small, random; tfjs wasm, 2 threads on A card. A processor, 2 cores, 8 GiB, linux-x64, Node v20.20.2, ' +
      '2026-11-25; load 0.10 before, 1.50 after, 61 s.',
  );
  expect(lines.at(-1)).toBe('Bounds met: 2; missed: 1; not measured: 1.');
});
