import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { probeRuntime } from '../src/runtime/probe-runtime.ts';

const USAGE = `npm run test:gpu

The numeric suite, the greedy texts, a device that dies, and the table, on every runtime that has a real GPU here; then
PyTorch on the same card, where python3 has it. Takes many minutes.
`;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TESTS = ['tests/numeric', 'tests/e2e/embedded-model.test.ts', 'tests/e2e/engine-death.test.ts'];
const GPT2_SMALL = 'node_modules/.cache/tokenflare/gpt2-small-random';

readArguments();
const probes = [await probeRuntime('tensorflow-gpu'), await probeRuntime('webgpu')];
const onGpu = probes.flatMap((probe) =>
  probe.works && probe.device.isSoftware !== true ? [probe.name] : [],
);
for (const probe of probes) {
  if (!probe.works) tell(`${probe.name}: ${probe.reason}`);
  else if (probe.device.isSoftware === true) tell(`${probe.name}: ${probe.device.name} is a GPU in software`);
  else tell(`${probe.name}: ${probe.description} on ${probe.device.name}`);
}
if (onGpu.length === 0) {
  tell('no GPU here, nothing was tested');
  process.exit(1);
}

const testsPassed = run('node_modules/vitest/vitest.mjs', ['run', ...TESTS], {
  TEST_RUNTIMES: onGpu.join(),
  TEST_REAL_GPU: '1',
});
const tableMade = run('dist/bench/main.js', ['--runtimes', [...onGpu, 'wasm'].join()]);
comparePyTorch();
process.exit(testsPassed && tableMade ? 0 : 1);

/** There are none but a wish for help. */
function readArguments(): void {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
    if (values.help !== true) return;
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    tell(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

function run(script: string, args: readonly string[], environment: Record<string, string> = {}): boolean {
  const env = { ...process.env, ...environment };
  return spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit', env }).status === 0;
}

/** The workload of the table: prompts of 32 tokens, 64 new ones. */
function comparePyTorch(): void {
  const args = ['bench/peers/pytorch_gpt2.py', GPT2_SMALL, '--device', 'cuda'];
  tell('PyTorch, eager, with a KV cache, on GPT-2 small:');
  const { status } = spawnSync('python3', args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) tell('not compared: python3 has no torch with CUDA, or no transformers');
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
