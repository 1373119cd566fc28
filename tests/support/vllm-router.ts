import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requirementsOf } from '../../scripts/install-packages.ts';
import { freePort } from './process.ts';
import { pythonProgram, type Found } from './python-program.ts';
import { until } from './service.ts';

const REQUIREMENTS = fileURLToPath(new URL('../clients/router-requirements.txt', import.meta.url));

/** vLLM's router, as PyPI has it. */
export const installVllmRouter = async (): Promise<Found> =>
  pythonProgram('vllm-router', await requirementsOf(REQUIREMENTS));

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
