import { Client } from './support/client.ts';
import { MODEL_ID } from './support/metrics.ts';
import type { Fixtures } from './support/fixtures.ts';
import { ServiceUnderTest, type LaunchOptions } from './support/service.ts';

const ATTACKER = '127.0.0.1';

/** Thrown to leave a case that cannot run here. */
export class Skip extends Error {}

/** What a case acts on, and where it says what it found. */
export class Scene {
  readonly fixtures: Fixtures;
  /** 1 in the short form; more where there is more time. */
  readonly scale: number;
  /** Of what the fuzzers make. */
  readonly seed: number;
  readonly failures: string[] = [];
  /** Figures of its own, for the table. */
  readonly notes: string[] = [];
  readonly #clients: Client[] = [];
  readonly #services: ServiceUnderTest[] = [];
  #service: ServiceUnderTest | undefined;

  constructor(fixtures: Fixtures, { scale, seed }: { scale: number; seed: number }) {
    this.fixtures = fixtures;
    this.scale = scale;
    this.seed = seed;
  }

  /** The service under attack. */
  get service(): ServiceUnderTest {
    if (this.#service === undefined) throw new Error('the case has no service');
    return this.#service;
  }

  set service(service: ServiceUnderTest) {
    this.#service = service;
  }

  /** Notes a failure unless the condition holds. */
  expect(condition: boolean, failure: string): void {
    if (!condition && !this.failures.includes(failure)) this.failures.push(failure);
  }

  /** So many, and more where there is more time. */
  scaled(count: number): number {
    return Math.max(1, Math.round(count * this.scale));
  }

  skip(reason: string): never {
    throw new Skip(reason);
  }

  /** A client of the service under attack; by default one with the attacker's address. */
  client(address = ATTACKER, headers: Record<string, string> = {}): Client {
    const client = new Client(this.service.url, address, headers);
    this.#clients.push(client);
    return client;
  }

  /** Another service, ended with the case. */
  async launch(options: LaunchOptions = {}): Promise<ServiceUnderTest> {
    const service = this.spawn(options);
    await service.ready();
    return service;
  }

  spawn(options: LaunchOptions = {}): ServiceUnderTest {
    const service = ServiceUnderTest.spawn(withModel(options, this.fixtures));
    this.#services.push(service);
    return service;
  }

  closeClients(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }

  async stopServices(): Promise<void> {
    await Promise.all(this.#services.splice(0).map((service) => service.stop()));
  }
}

/** The chat model is the default one unless the case says otherwise. */
export function withModel(options: LaunchOptions, fixtures: Fixtures): LaunchOptions {
  return {
    ...options,
    settings: {
      MODEL: fixtures.chatModel,
      MODEL_ID,
      MODEL_ALIASES: `@cf/*=${MODEL_ID}`,
      ...options.settings,
    },
  };
}
