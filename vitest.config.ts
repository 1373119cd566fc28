import { defineConfig } from 'vitest/config';

/** One project a kind of test; CONTRIBUTING.md says which to run when. */
const project = (
  name: string,
  options: { testTimeout: number; hookTimeout?: number; setupFiles?: string[] },
) => ({
  test: { name, include: [`{,studio/}tests/${name}/**/*.test.ts`], pool: 'forks' as const, ...options },
});

/** For tests that send requests: fails one whose texts come into a log. */
const setupFiles = ['tests/support/watch-logs.ts'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    globalSetup: 'tests/support/probe-runtimes.ts',
    projects: [
      project('unit', { testTimeout: 20_000 }),
      project('numeric', { testTimeout: 120_000, hookTimeout: 120_000 }),
      project('http', { testTimeout: 60_000, hookTimeout: 60_000, setupFiles }),
      project('browser', { testTimeout: 60_000, hookTimeout: 120_000, setupFiles }),
      project('e2e', { testTimeout: 180_000, hookTimeout: 120_000, setupFiles }),
    ],
  },
});
