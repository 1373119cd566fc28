import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './process.ts';
import { ENVOY } from './proxies.ts';
import type { Found } from './python-program.ts';
import { until } from './service.ts';
import { tempDirectory } from './temp-directory.ts';

/** llm-d's router and Envoy, with the files of docker/llm-d. */

/** Its program cannot be installed: docs/scale.md has the commands that build it. `TEST_LLM_D_ROUTER` is its path. */
export async function findLlmdRouter(): Promise<{ epp: string; envoy: string } | { reason: string }> {
  const epp = process.env['TEST_LLM_D_ROUTER'];
  if (!epp) return { reason: 'TEST_LLM_D_ROUTER does not say where the program of llm-d lies' };
  const envoy: Found = await ENVOY.find();
  return 'program' in envoy ? { epp, envoy: envoy.program } : envoy;
}

export interface LlmdRouter {
  /** Of Envoy. */
  readonly url: string;
  readonly children: readonly ChildProcess[];
  /** What the picker has logged. */
  readonly log: () => string;
}

/** A file of docker/llm-d with other values in place of some, each of which it must have. */
function changed(name: string, changes: readonly (readonly [from: string, to: string])[]): string {
  const path = fileURLToPath(new URL(`../../docker/llm-d/${name}`, import.meta.url));
  return changes.reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
      return text.replaceAll(from, to);
    },
    readFileSync(path, 'utf8'),
  );
}

/** Starts both in front of replicas at ports of 127.0.0.1; `eventsPort` is where these send their events. */
export async function startLlmdRouter(
  { epp, envoy }: { epp: string; envoy: string },
  { replicas, eventsPort }: { replicas: readonly string[]; eventsPort: string },
): Promise<LlmdRouter> {
  const folder = tempDirectory();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const [proxy = '', picker = '', health = '', metrics = ''] = await Promise.all(
    Array.from({ length: 4 }, freePort),
  );
  const list = replicas.map((port, i) => ({ name: `replica-${i}`, address: '127.0.0.1', port }));
  const endpoints = file('endpoints.yaml', JSON.stringify({ endpoints: list }));
  const config = file(
    'picker.yaml',
    changed('picker.yaml', [
      ['/etc/tokenflare/endpoints.yaml', endpoints],
      ['http://127.0.0.1:8787', `http://127.0.0.1:${replicas[0]}`],
      ['tcp://*:5557', `tcp://*:${eventsPort}`],
    ]),
  );
  const flags = ['--config-file', config, '--pool-name', 'tokenflare', '--secure-serving=false'];
  const ports = ['--grpc-port', picker, '--grpc-health-port', health, '--metrics-port', metrics];
  const pickerProcess = spawn(epp, [...flags, '--metrics-endpoint-auth=false', ...ports], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [pickerProcess.stdout, pickerProcess.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const envoyFile = changed('envoy.yaml', [
    ['port_value: 8080', `port_value: ${proxy}`],
    ['port_value: 9002', `port_value: ${picker}`],
  ]);
  const options = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'];
  const envoyProcess = spawn(envoy, ['-c', file('envoy.yaml', envoyFile), ...options], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${proxy}`;
  await until(() =>
    fetch(`${url}/v1/models`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { url, children: [pickerProcess, envoyProcess], log: () => log };
}
