import { afterEach, describe, expect, it, vi } from 'vitest';
import { doctorReport } from '../../../src/runtime/doctor-report.ts';
import { probeRuntime, type RuntimeProbe } from '../../../src/runtime/probe-runtime.ts';

afterEach(() => vi.unstubAllEnvs());

describe('probeRuntime', () => {
  it('tells the device, its memory and how long it takes to start', async () => {
    const probe = await probeRuntime('wasm');
    expect(probe).toMatchObject({ name: 'wasm', works: true });
    if (!probe.works) return;
    expect(probe.description).toMatch(/^tfjs wasm, (relaxed )?SIMD, \d+ thread/);
    expect(probe.device.name).not.toBe('');
    expect(probe.device.memoryBytes).toBeGreaterThan(2 ** 28);
    expect(probe.startMs).toBeGreaterThan(0);
  });

  it('survives a runtime that brings its process down, and says how it ended', async () => {
    const crash = encodeURIComponent('console.error("no such driver");process.abort()');
    vi.stubEnv('NODE_OPTIONS', `--import data:text/javascript,${crash}`);
    const probe = await probeRuntime('wasm');
    expect(probe).toMatchObject({ name: 'wasm', works: false });
    expect('reason' in probe && probe.reason).toMatch(
      /brought its process down \(SIGABRT\).*no such driver/s,
    );
  });
});

describe('doctorReport', () => {
  const probes: RuntimeProbe[] = [
    { name: 'tensorflow-gpu', works: false, reason: 'TensorFlow lists no GPU: install its driver' },
    {
      name: 'webgpu',
      works: true,
      description: 'tfjs webgpu',
      device: { name: 'llvmpipe', isSoftware: true },
      startMs: 120,
    },
    {
      name: 'wasm',
      works: true,
      description: 'tfjs wasm, SIMD, 2 threads',
      device: { name: 'Some CPU', memoryBytes: 1.5 * 2 ** 30 },
      startMs: 90,
      figures: { promptMs: 36, stepMs: 1, stepOf8Ms: 8 },
    },
  ];

  it('has a line for each runtime, what it lacks, and what auto takes', () => {
    expect(doctorReport('Node 20, linux', probes, 'wasm').split('\n')).toEqual([
      'Node 20, linux',
      '',
      '  tensorflow-gpu  no: TensorFlow lists no GPU: install its driver',
      '  webgpu          yes: tfjs webgpu; on llvmpipe, memory not told; starts in 120 ms; a GPU in software: right but slow, auto never takes it',
      "  wasm            yes: tfjs wasm, SIMD, 2 threads; on Some CPU, 1.5 GiB; starts in 90 ms; 100 ms for a request of 128 + 64 tokens of some of GPT-2 small's blocks",
      '',
      'RUNTIME=auto takes the fastest, for this shape wasm.',
      '',
    ]);
  });
});
