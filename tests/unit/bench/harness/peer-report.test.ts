import { describe, expect, it } from 'vitest';
import { judgePeers, type PeerReading } from '../../../../bench/harness/judge-peers.ts';
import { PEER_BARS, type PeerSelection } from '../../../../bench/harness/peer-bars.ts';
import { formatPeerReport, type PeerReport } from '../../../../bench/harness/peer-report.ts';

const selection: PeerSelection = {
  columns: ['wasm-f32', 'wasm-int8-node24', 'native-f32'],
  rows: ['decode-1', 'requests-16', 'ttft'],
};
const decode = PEER_BARS['decode-1'].cell;
const requests = PEER_BARS['requests-16'].cell;
const ttft = PEER_BARS.ttft.cell;
const readings: PeerReading[] = [
  { contender: 'wasm-f32', cell: decode, round: 0, values: [30] },
  { contender: 'wasm-f32', cell: decode, round: 1, values: [33] },
  { contender: 'wasm-f32', cell: requests, round: 0, values: [80] },
  { contender: 'wasm-f32', cell: ttft, round: 0, values: [250, 200] },
  { contender: 'wasm-int8-node24', cell: decode, round: 0, values: [90] },
  { contender: 'tjs-fp32', cell: decode, round: 0, values: [30] },
  { contender: 'tjs-fp32', cell: decode, round: 1, values: [30] },
  { contender: 'tjs-fp32', cell: requests, round: 0, values: [100] },
  { contender: 'tjs-fp32', cell: ttft, round: 0, values: [90] },
  { contender: 'tjs-q8', cell: decode, round: 0, values: [60] },
];
const report: PeerReport = {
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
  selection,
  rounds: 2,
  contenders: [
    { name: 'wasm-f32', description: 'wasm, 2 threads' },
    { name: 'native-f32', description: 'RUNTIME=native', failure: 'not set up' },
    {
      name: 'tjs-fp32',
      description: 'transformers.js 4.3.1',
      textAlike: { with: 'wasm-f32', numTokens: 63, of: 64 },
    },
  ],
  readings,
  verdicts: judgePeers(selection, readings),
  disturbances: [],
};

describe('formatPeerReport', () => {
  it('has the verdicts, the figures, who took part, and where', () => {
    const text = formatPeerReport(report);
    const lines = text.split('\n');
    expect(lines[0]).toBe(
      '| ours divided by theirs: median (lowest to highest) | wasm f32 | wasm int8, Node 24 | native f32 |',
    );
    expect(lines[2]).toMatch(
      /\| 1\.05 \(1\.00–1\.10\); bar 1\.1: \*\*missed\*\* \| 1\.50 \(1\.50–1\.50\); bar 2\.3: \*\*missed\*\* \| cannot run \|$/,
    );
    expect(lines[3]).toMatch(
      /^\| new tokens\/s of whole requests, 16 at once, .* \| 0\.80 \(0\.80–0\.80\); bar 1: \*\*missed\*\* \| – \| cannot run \|$/,
    );
    expect(lines[4]).toMatch(/\| 2\.50 \(2\.50–2\.50\); bar 3: met \| – \| cannot run \|$/);
    expect(text).toContain(
      '|  | decode tokens/s, prompts cached, 1 stream | new tokens/s of whole requests, 16 at once | TTFT, 128 tokens, ms |',
    );
    expect(text).toContain('| `wasm-f32` | 31.5 (30.0–33.0) | 80.0 (80.0–80.0) | 225 (225–225) |');
    expect(text).toContain('| `native-f32` | – | – | – |');
    expect(text).toContain(
      '- `tjs-fp32`: transformers.js 4.3.1; greedy text as `wasm-f32` for 63 of 64 tokens',
    );
    expect(text).toContain('- `native-f32`: RUNTIME=native; failed: not set up');
    expect(text).toContain(
      'A processor, 2 cores, 8 GiB, linux-x64, Node v20.20.2, 2026-11-25; load 0.10 before, 1.50 after, 61 s.',
    );
    expect(text).toContain('prompts of 128 tokens, 64 new, greedy');
    expect(lines.at(-1)).toBe('Bars met: 1; missed: 3; not measured: 5.');
  });

  it('does not judge what was measured on a busy machine', () => {
    const text = formatPeerReport({
      ...report,
      disturbances: ['tjs-q8, round 1: others took 40 % of the cores'],
    });
    expect(text).toMatch(
      /Not judged, for the machine was busy:\n- tjs-q8, round 1: others took 40 % of the cores$/,
    );
    expect(text).not.toContain(': met');
    expect(text).not.toContain('missed');
    expect(text).toContain('1.05 (1.00–1.10); bar 1.1 |');
  });
});
