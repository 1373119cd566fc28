import type { Client } from './client.ts';
import type { HealthPoll } from './observation.ts';
import { waitedForProcessorMs } from './proc.ts';

const PERIOD_MS = 100;
const LIMIT_MS = 20_000;
const NEAR_MS = 3 * PERIOD_MS;
/** More would be an attack of its own. */
const MAX_PENDING = 4;

interface Span {
  startedAt: number;
  ms: number;
}

/**
 * Polls `/health` and an idle server at the same moments. On a machine with other work both are late; how late the
 * idle one was, and how long the service and this process waited for a processor, is taken off a poll's time.
 */
export class HealthPoller {
  readonly #service: Client;
  readonly #control: Client;
  readonly #servicePid: number;
  readonly #polls: (Span & { waitedMs: number; outcome: string })[] = [];
  readonly #controlPolls: Span[] = [];
  readonly #pending = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(service: Client, control: Client, servicePid: number) {
    this.#service = service;
    this.#control = control;
    this.#servicePid = servicePid;
  }

  start(): void {
    this.#timer = setInterval(() => this.#poll(), PERIOD_MS);
  }

  /** Ends when the last poll has its answer. */
  async stop(): Promise<{ polls: HealthPoll[]; worstControlMs: number }> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    return {
      polls: this.#polls.map(({ startedAt, ms, waitedMs, outcome }) => {
        const ownMs = Math.max(ms - waitedMs - this.#controlMsDuring(startedAt, ms), 0);
        return { startedAt, ms, ownMs, outcome };
      }),
      worstControlMs: Math.max(0, ...this.#controlPolls.map(({ ms }) => ms)),
    };
  }

  #poll(): void {
    if (this.#pending.size >= 2 * MAX_PENDING) return;
    this.#track(this.#pollControl());
    this.#track(this.#pollHealth());
  }

  #track(poll: Promise<void>): void {
    this.#pending.add(poll);
    void poll.finally(() => this.#pending.delete(poll));
  }

  async #pollHealth(): Promise<void> {
    const startedAt = performance.now();
    const waitedBefore = this.#waitedMs();
    const { status, error = '', ms } = await this.#service.get('/health', { limitMs: LIMIT_MS });
    const waitedMs = Math.max(this.#waitedMs() - waitedBefore, 0);
    this.#polls.push({ startedAt, ms, waitedMs, outcome: status === 0 ? error : String(status) });
  }

  async #pollControl(): Promise<void> {
    const startedAt = performance.now();
    const { ms } = await this.#control.get('/', { limitMs: LIMIT_MS });
    this.#controlPolls.push({ startedAt, ms });
  }

  /** For a processor: the service to answer, and this process to read it. */
  #waitedMs(): number {
    return waitedForProcessorMs(this.#servicePid) + waitedForProcessorMs(process.pid);
  }

  /** The slowest poll of the idle server at about the same time: what slowed it may have come a little earlier. */
  #controlMsDuring(startedAt: number, ms: number): number {
    const overlapping = this.#controlPolls.filter(
      (poll) => poll.startedAt <= startedAt + ms + NEAR_MS && poll.startedAt + poll.ms >= startedAt - NEAR_MS,
    );
    return Math.max(0, ...overlapping.map((poll) => poll.ms));
  }
}
