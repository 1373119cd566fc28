import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { BenchMode } from '../mode.ts';

/** The engine and the service before it, as `tokenflare bench` measures them. */
export const SERVICE_MODE: BenchMode = {
  usage:
    'npm run bench -- [options]   the engine, and the service before it; options as `tokenflare bench --help` has them\n',
  run: (args) => runCommandLine(['bench', ...args]),
};
