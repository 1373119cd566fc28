import { defineConfig } from 'vitest/config';

interface ProjectOptions {
  include?: string[];
  exclude?: string[];
  testTimeout: number;
  hookTimeout?: number;
  setupFiles?: string[];
  isolate?: boolean;
}

/** Globs that scripts/test.mjs leaves out. */
const leftOut = (process.env.TESTS_LEFT_OUT ?? '').split(' ').filter((glob) => glob !== '');

/** One project a kind of test; CONTRIBUTING.md says which to run when. */
const project = (name: string, { exclude = [], ...options }: ProjectOptions) => ({
  test: {
    name,
    // Two globs: of one with braces all folders are searched, those of packages, too.
    include: [`tests/${name}/**/*.test.ts`, `studio/tests/${name}/**/*.test.ts`],
    exclude: [...exclude, ...leftOut],
    pool: 'forks' as const,
    ...options,
  },
});

/** For tests that send requests: fails one whose texts come into a log. */
const setupFiles = ['tests/support/watch-logs.ts'];

/**
 * Those that replace a module (`vi.mock`), which others in their process would have loaded, weigh their process, or count
 * its timers.
 */
const ALONE = [
  'tests/unit/access/key-ring.test.ts',
  'tests/unit/bench/harness/{resident-memory,peer-process}.test.ts',
  'tests/unit/engine/worker/sequence-faults.test.ts',
  'tests/unit/http/edge/{growing-buffer,idle-collector,loop-delay}.test.ts',
  'tests/unit/http/sse/{sse,stream-store}.test.ts',
  'tests/unit/engine/client/process/watchdog.test.ts',
  // Its threads register a loader, which did not end once in a process with thousands of tests behind it.
  'tests/unit/gateway/gateway-logs.test.ts',
  'tests/http/keys.test.ts',
];

export default defineConfig({
  test: {
    maxWorkers: 2,
    globalSetup: 'tests/support/probe-runtimes.ts',
    projects: [
      // Files of these two share a process and its modules.
      project('unit', { testTimeout: 20_000, isolate: false, exclude: ALONE }),
      project('http', {
        testTimeout: 60_000,
        hookTimeout: 60_000,
        setupFiles,
        isolate: false,
        exclude: ALONE,
      }),
      project('alone', { include: ALONE, testTimeout: 60_000, hookTimeout: 60_000, setupFiles }),
      project('numeric', { testTimeout: 120_000, hookTimeout: 120_000 }),
      project('browser', { testTimeout: 60_000, hookTimeout: 120_000, setupFiles }),
      project('e2e', { testTimeout: 180_000, hookTimeout: 120_000, setupFiles }),
    ],
  },
});
