import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './service.ts';

const READ_KV_EVENTS = fileURLToPath(new URL('read-kv-events.py', import.meta.url));

export type ReceivedEvent =
  | {
      type: 'BlockStored';
      block_hashes: string[];
      parent_block_hash: string | null;
      token_ids: number[];
      block_size: number;
      extra_keys: (string[] | null)[] | null;
    }
  | { type: 'BlockRemoved'; block_hashes: string[] }
  | { type: 'AllBlocksCleared' };

export interface ReceivedBatch {
  topic: string;
  sequence: number;
  ts: number;
  events: ReceivedEvent[];
  data_parallel_rank: number;
}

/** Payloads as vLLM's own types read them. */
export function decodeKvEvents(python: string, payloads: readonly Uint8Array[]): ReceivedBatch[] {
  const input = payloads.map((payload) => `${Buffer.from(payload).toString('base64')}\n`).join('');
  const { status, stdout, stderr } = spawnSync(python, [READ_KV_EVENTS, 'decode'], {
    input,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ReceivedBatch);
}

/** A router as far as it reads events: ZeroMQ's own library. */
export class KvEventSubscriber {
  readonly batches: ReceivedBatch[] = [];
  /** What it listens on, once it does. */
  endpoint = '';
  readonly #child;

  constructor(python: string, mode: 'bind' | 'connect', endpoint: string, topic = '') {
    this.#child = spawn(python, [READ_KV_EVENTS, mode, endpoint, topic], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as ReceivedBatch | { endpoint: string };
      if ('endpoint' in said) this.endpoint = said.endpoint;
      else this.batches.push(said);
    });
  }

  /** Waits until it listens. */
  static async bind(python: string): Promise<KvEventSubscriber> {
    const subscriber = new KvEventSubscriber(python, 'bind', 'tcp://127.0.0.1:*');
    await until(() => subscriber.endpoint !== '');
    return subscriber;
  }

  get events(): ReceivedEvent[] {
    return this.batches.flatMap(({ events }) => events);
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** What a router takes a replica to hold, by the events: each block with its tokens from the text's beginning on. */
export function heldBlocks(events: readonly ReceivedEvent[]): Map<string, number[]> {
  const held = new Map<string, number[]>();
  for (const event of events) {
    if (event.type === 'AllBlocksCleared') held.clear();
    else if (event.type === 'BlockStored') store(held, event);
    else for (const hash of event.block_hashes) remove(held, hash);
  }
  return held;
}

function remove(held: Map<string, number[]>, hash: string): void {
  if (!held.delete(hash)) throw new Error(`block ${hash} was removed, and was not there`);
}

function store(held: Map<string, number[]>, event: Extract<ReceivedEvent, { type: 'BlockStored' }>): void {
  const { block_hashes: hashes, parent_block_hash: parent, token_ids: tokenIds, block_size: size } = event;
  let before = parent === null ? [] : (held.get(parent) ?? []);
  for (const [index, hash] of hashes.entries()) {
    before = [...before, ...tokenIds.slice(index * size, (index + 1) * size)];
    held.set(hash, before);
  }
}
