/**
 * What the processes of both peers have alike: a process is ready once its model is loaded, takes one order after the
 * other by Node's message channel, and answers when which tokens of each stream came, by its own clock, after the
 * last of them. So nothing but generation runs in it while it generates.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

export function serveOrders(description, run) {
  process.on('message', async ({ prompts, maxTokens, batching }) => {
    try {
      process.send(await run({ prompts, maxTokens, batching }));
    } catch (error) {
      process.send({ failure: String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
  process.send({ description });
}

/** Notes when which tokens come: `streams[i]` has a time, and `tokens[i]` an id, for each token of the prompt `i`. */
export function createStopwatch(numStreams) {
  const streams = Array.from({ length: numStreams }, () => []);
  const tokens = Array.from({ length: numStreams }, () => []);
  const sentMs = performance.now();
  const note = (stream, token) => {
    streams[stream].push(performance.now());
    tokens[stream].push(token);
  };
  return { note, times: () => ({ sentMs, streams, tokens }) };
}

/** Of a package in a folder whose node_modules hold it. */
export function versionOf(folder, name) {
  return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
}
