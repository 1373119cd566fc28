import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE, installPythonEnvironment, requirementsOf } from '../../scripts/install-packages.ts';

const REQUIREMENTS = fileURLToPath(new URL('../clients/telemetry-requirements.txt', import.meta.url));

/**
 * Path of a Python with OpenTelemetry's schema and ZeroMQ, or why there is none here. With `TEST_TELEMETRY=required` a
 * test fails without it.
 */
export async function installTelemetryPython(): Promise<{ path: string } | { reason: string }> {
  try {
    const folder = join(CACHE, 'telemetry');
    return {
      path: join(await installPythonEnvironment(folder, await requirementsOf(REQUIREMENTS)), 'python'),
    };
  } catch (error) {
    if (process.env['TEST_TELEMETRY'] === 'required') throw error;
    return { reason: `packages of PyPI cannot be installed: ${String(error)}` };
  }
}
