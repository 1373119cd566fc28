/**
 * Runs the native kernels' tests under the address and undefined-behaviour sanitizers: memory that is not theirs, shifts
 * and conversions that C++ does not define. Needs g++ with its sanitizers.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildNative, BUILT_HERE, ROOT } from './build-native.mjs';

const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined', '-O1', '-g'];
const { stdout: runtime } = spawnSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' });
mkdirSync(dirname(BUILT_HERE), { recursive: true });
await buildNative({
  compiler: ['g++'],
  architecture: process.arch,
  // Tiles in plain C++: few processors have the unit.
  compileFlags: ['-fPIC', '-DTOKENFLARE_EMULATED_TILES', ...SANITIZERS],
  linkFlags: ['-fsanitize=address,undefined', '-lpthread'],
  output: BUILT_HERE,
});
try {
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', 'tests/numeric/native', ...process.argv.slice(2)],
    {
      cwd: ROOT,
      stdio: 'inherit',
      // Node itself is not free of leaks; what it preloads must come first.
      env: {
        ...process.env,
        LD_PRELOAD: runtime.trim(),
        ASAN_OPTIONS: 'detect_leaks=0',
        UBSAN_OPTIONS: 'print_stacktrace=1',
        TEST_RUNTIMES: 'native',
      },
    },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(BUILT_HERE);
}
