import { describe, expect, it } from 'vitest';
import {
  formatComparison,
  formatNumber,
  type ComparisonReport,
} from '../../../../bench/harness/comparison-table.ts';
import type { Cell } from '../../../../bench/harness/measure-cell.ts';

const decode: Cell = { kind: 'decode', streams: 1, promptTokens: 32, maxTokens: 64 };
const decode8: Cell = { ...decode, streams: 8 };
const ttft: Cell = { kind: 'ttft', promptTokens: 512 };

const report: ComparisonReport = {
  startedAt: '2026-11-24T10:00:00.000Z',
  durationMs: 61_000,
  machine: {
    cpu: 'A processor',
    numCores: 2,
    memoryBytes: 2 ** 34,
    platform: 'linux-x64',
    nodeVersion: 'v22.0.0',
    loadBefore: 0.5,
    loadAfter: 2,
  },
  cells: [decode, decode8, ttft],
  rounds: 3,
  limitMs: 20_000,
  models: [
    {
      model: 'embedded',
      rows: [
        {
          label: 'wasm',
          runtime: 'tfjs wasm, 2 threads',
          device: 'A processor',
          residentBytes: 200 * 2 ** 20,
          cells: [
            { cell: decode, values: [1100, 1300, 1234.4], isCutOff: false },
            { cell: decode8, values: [3.14159], isCutOff: true },
            // A context of 512 leaves room for a prompt of 511.
            { cell: { ...ttft, promptTokens: 511 }, values: [12.34, 12.36], isCutOff: false },
          ],
        },
        {
          label: 'cpu',
          runtime: 'plain JavaScript',
          device: 'A processor',
          failure: 'backend_failure: it ended',
          cells: [{ cell: decode, values: [], isCutOff: true }],
        },
        { label: 'webgpu:f16', cells: [], failure: 'there is no Vulkan loader' },
      ],
    },
  ],
};

describe('formatComparison', () => {
  const lines = formatComparison(report).split('\n');

  it('has a row for whoever ran: medians, what was cut off, what was never measured', () => {
    expect(lines.slice(0, 5)).toEqual([
      '| model | runtime | device | decode tokens/s, prompts cached, 1 stream | decode tokens/s, prompts cached, 8 streams | TTFT, 512 tokens | resident |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| embedded | `wasm` | A processor | 1,234 | 3.14 (cut off) | 12.4 ms | 200 MiB |',
      '| embedded | `cpu` | A processor | > 20 s | – | – | – |',
      '',
    ]);
  });

  it('says what each is, and why one did not run or last', () => {
    expect(lines.filter((line) => line.startsWith('- '))).toEqual([
      '- `wasm`: tfjs wasm, 2 threads',
      '- `cpu`: plain JavaScript',
      '- `cpu` failed, embedded: backend_failure: it ended',
      '- `webgpu:f16` failed, embedded: there is no Vulkan loader',
    ]);
  });

  it('says where and how it was measured', () => {
    expect(lines.at(-1)).toMatch(
      /^A processor, 2 cores, linux-x64, Node v22\.0\.0, 2026-11-24; load 0\.50 before, 61 s in all\..*3 rounds.*20 s a trial.*prompts of 32 tokens, 64 generated.*KV cache for 8/,
    );
  });
});

it.each([
  [1234.5, '1,235'],
  [123.4, '123'],
  [12.34, '12.3'],
  [1.234, '1.23'],
])('%d is written as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});
