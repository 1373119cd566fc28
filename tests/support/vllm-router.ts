import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE, installPythonEnvironment, requirementsOf } from '../../scripts/install-packages.ts';
import { freePort } from './process.ts';
import { until } from './service.ts';

const REQUIREMENTS = fileURLToPath(new URL('../clients/router-requirements.txt', import.meta.url));

/** Path of vLLM's router, or why there is none here. With `TEST_VLLM_ROUTER=required` a test fails without it. */
export async function installVllmRouter(): Promise<{ path: string } | { reason: string }> {
  try {
    const programs = await installPythonEnvironment(
      join(CACHE, 'vllm-router'),
      await requirementsOf(REQUIREMENTS),
    );
    return { path: join(programs, 'vllm-router') };
  } catch (error) {
    if (process.env['TEST_VLLM_ROUTER'] === 'required') throw error;
    return { reason: `vllm-router cannot be installed: ${String(error)}` };
  }
}

export interface VllmRouter {
  readonly url: string;
  readonly child: ChildProcess;
}

/** Starts the router in front of replicas; it is ready. Its own retries are off, so that a test sees each refusal. */
export async function startVllmRouter(path: string, replicas: readonly string[]): Promise<VllmRouter> {
  const [port, prometheusPort] = [await freePort(), await freePort()];
  const child = spawn(
    path,
    [
      ...['--host', '127.0.0.1', '--port', port, '--prometheus-port', prometheusPort],
      ...['--policy', 'cache_aware', '--disable-retries', '--worker-urls', ...replicas],
      // A replica that does not answer is left alone after one failed look.
      ...['--health-check-interval-secs', '1', '--health-failure-threshold', '1'],
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { url, child };
}
