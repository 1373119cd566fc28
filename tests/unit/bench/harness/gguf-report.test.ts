import { describe, expect, it } from 'vitest';
import { GGUF_ROWS, isCell, type GgufRow } from '../../../../bench/harness/gguf-bars.ts';
import {
  formatGgufReport,
  isMet,
  ratiosOf,
  type GgufReading,
  type GgufReport,
} from '../../../../bench/harness/gguf-report.ts';

const rowOf = (isWanted: (row: GgufRow) => boolean): GgufRow => {
  const row = GGUF_ROWS['1.1b-q4_0'].find(isWanted);
  if (row === undefined) throw new Error('the file has no such row');
  return row;
};
const ttft = rowOf(({ measure }) => isCell(measure) && measure.kind === 'ttft'); // at most 0.6
const decode = rowOf(({ measure }) => isCell(measure) && measure.kind === 'decode'); // at least 1.5
const resident = rowOf(({ measure }) => measure === 'resident'); // at most 1.2

const readings: GgufReading[] = [
  { measure: ttft.measure, round: 0, ours: 100 },
  { measure: ttft.measure, round: 0, theirs: 200 },
  { measure: ttft.measure, round: 1, ours: 140 },
  { measure: ttft.measure, round: 1, theirs: 200 },
  { measure: ttft.measure, round: 2, ours: 110 },
  { measure: decode.measure, round: 0, ours: 60 },
  { measure: decode.measure, round: 0, theirs: 50 },
  { measure: resident.measure, round: 0, ours: 900 * 2 ** 20, theirs: 1000 * 2 ** 20 },
];
const report: GgufReport = {
  startedAt: '2026-11-26T10:00:00.000Z',
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
  rounds: 3,
  peer: 'node-llama-cpp',
  comparisons: [
    {
      file: '1.1b-q4_0',
      rows: GGUF_ROWS['1.1b-q4_0'],
      fileBytes: 604 * 2 ** 20,
      ours: 'tfjs native',
      theirs: 'node-llama-cpp 3',
      alike: { numTokens: 63, of: 64 },
      readings,
    },
  ],
  disturbances: [],
};

describe('a report of GGUF files', () => {
  it('makes ratios of what one round measured of both', () => {
    expect(ratiosOf(ttft.measure, readings)).toEqual([0.5, 0.7]);
    expect(ratiosOf(decode.measure, readings)).toEqual([1.2]);
  });

  it('holds a time and memory to the most, and a rate to the least', () => {
    expect(isMet(ttft, readings)).toBe(true);
    expect(isMet(decode, readings)).toBe(false);
    expect(isMet(resident, readings)).toBe(true);
    expect(isMet({ measure: ttft.measure }, readings)).toBeUndefined();
    expect(isMet(ttft, [])).toBeUndefined();
  });

  it('has a line for each row, what ran, and where', () => {
    const text = formatGgufReport(report);
    const lines = text.split('\n');
    expect(lines.filter((line) => line.startsWith('| `1.1b-q4_0`'))).toHaveLength(
      GGUF_ROWS['1.1b-q4_0'].length,
    );
    expect(text).toContain('| TTFT, 128 tokens | 110 ms | 200 ms | 0.60 (0.50–0.70) | 0.6: met |');
    expect(text).toContain('| 60.0 | 50.0 | 1.20 (1.20–1.20) | 1.5: **missed** |');
    expect(text).toContain('| 900 MiB | 1,000 MiB | 0.90 (0.90–0.90) | 1.2: met |');
    expect(text).toContain('greedy text alike for 63 of 64 tokens');
    expect(text).toContain('A processor, 2 cores, linux-x64, Node v20.20.2, 2026-11-26; load 0.10 before');
  });

  it('does not judge a machine that was busy', () => {
    const text = formatGgufReport({ ...report, disturbances: ['round 1: others took 30 % of the cores'] });
    expect(text).not.toMatch(/met|missed/);
    expect(text).toContain('- round 1: others took 30 % of the cores');
  });
});
