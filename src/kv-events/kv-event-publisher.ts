import type { KvEventBatch } from '../engine/protocol.ts';
import { PublisherSocket, type SocketEndpoint } from './publisher-socket.ts';

const MODEL = '{model}';
const SEQUENCE_BYTES = 8;

/** Publishes events of the caches of all models, as vLLM does for one: topic, number of the message, events. */
export class KvEventPublisher {
  readonly #socket: PublisherSocket;
  readonly #topic: string;
  /** By topic: the number of the next message. A subscriber sees by it that it has missed some. */
  readonly #next = new Map<string, bigint>();
  #numPublished = 0;
  #numDropped = 0;

  /** @param topic `{model}` stands for the model's id */
  constructor(endpoint: SocketEndpoint, topic: string) {
    this.#socket = new PublisherSocket(endpoint);
    this.#topic = topic;
  }

  /** Events that a subscriber was sent, and events that none was, or one not. */
  get numPublished(): number {
    return this.#numPublished;
  }

  get numDropped(): number {
    return this.#numDropped;
  }

  /** @throws EngineError `config_invalid` when it cannot listen */
  open(): Promise<number> {
    return this.#socket.open();
  }

  publish(modelId: string, { payload, numEvents }: KvEventBatch): void {
    const topic = this.#topic.replaceAll(MODEL, () => modelId);
    const number = this.#next.get(topic) ?? 0n;
    this.#next.set(topic, number + 1n);
    const sequence = Buffer.alloc(SEQUENCE_BYTES);
    sequence.writeBigUInt64BE(number);
    const { numSent, numDropped } = this.#socket.send([Buffer.from(topic), sequence, payload]);
    if (numSent > 0) this.#numPublished += numEvents;
    if (numSent === 0 || numDropped > 0) this.#numDropped += numEvents;
  }

  close(): void {
    this.#socket.close();
  }
}
