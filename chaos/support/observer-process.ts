import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Canary } from './canary.ts';
import { Client } from './client.ts';
import { HealthPoller } from './health-poller.ts';
import { MemorySampler } from './memory-sampler.ts';
import type { FromObserver, ObserverTask, ToObserver } from './observation.ts';

/** Watches a service from a process of its own, so that an attack does not slow the watch down. */

const control = fork(fileURLToPath(new URL('control-server.ts', import.meta.url)));
const [controlPort] = (await once(control, 'message')) as [number];

interface Watch {
  client: Client;
  canary: Canary;
  poller: HealthPoller;
  memory: MemorySampler;
}

let watch: Watch | undefined;

const send = (message: FromObserver): void => void process.send?.(message);

async function start(task: ObserverTask): Promise<void> {
  const client = new Client(task.url, task.address, task.headers);
  const canary = new Canary(client, task);
  const calm = await canary.learn();
  if (!calm.isWhole) {
    const reason = calm.error ?? calm.errorCode ?? 'it has no end';
    send({ type: 'failed', reason: `the canary's first stream: status ${calm.status}, ${reason}` });
    return;
  }
  const poller = new HealthPoller(
    client,
    new Client(`http://127.0.0.1:${controlPort}`, task.address),
    task.servicePid,
  );
  const memory = new MemorySampler(task.servicePid);
  poller.start();
  memory.start();
  canary.start();
  watch = { client, canary, poller, memory };
  send({ type: 'started', text: calm.text });
}

async function stop({ client, canary, poller, memory }: Watch, limitMs: number): Promise<void> {
  const canaries = await canary.stop(limitMs);
  const { polls, worstControlMs } = await poller.stop();
  const peakMemory = memory.stop();
  client.close();
  send({ type: 'stopped', observation: { polls, worstControlMs, canaries, peakMemory } });
}

process.on('message', (message: ToObserver) => {
  if (message.type === 'start') void start(message.task);
  else if (watch !== undefined) void stop(watch, message.limitMs);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready' });
