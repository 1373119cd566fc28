import { Counter, Gauge, type Registry } from 'prom-client';
import type { LimitKind } from '../../access/key-account.ts';
import type { KeyRefusal } from '../../access/key-ring.ts';
import type { SharedLimits } from '../../access/shared-limits.ts';

/** Names of keys cannot have parentheses. */
const NO_KEY = '(none)';
const OTHER_KEYS = '(other)';
/** Each is a time series of every metric below. */
const MAX_KEYS = 100;

type Refusal = KeyRefusal | LimitKind | 'forbidden';

/** What the holders of API keys use, by the names of the keys. */
export class KeyMetrics {
  readonly #registry: Registry;
  readonly #prefix: string;
  readonly #names = new Set<string>();
  readonly #requests: Counter<'key'>;
  readonly #numPromptTokens: Counter<'key'>;
  readonly #numGeneratedTokens: Counter<'key'>;
  readonly #refusals: Counter<'key' | 'reason'>;

  constructor(registry: Registry, prefix: string) {
    this.#registry = registry;
    this.#prefix = prefix;
    this.#requests = this.#counter('key_requests_total', 'Requests with a valid API key, by its name.', [
      'key',
    ]);
    this.#numPromptTokens = this.#counter('key_prompt_tokens_total', 'Prompt tokens of an API key.', ['key']);
    this.#numGeneratedTokens = this.#counter(
      'key_generation_tokens_total',
      'Tokens generated for an API key.',
      ['key'],
    );
    this.#refusals = this.#counter('key_refusals_total', 'Requests refused for their API key, by reason.', [
      'key',
      'reason',
    ]);
  }

  countRequest(keyName: string, numPromptTokens: number, numGeneratedTokens: number): void {
    const label = { key: this.#labelOf(keyName) };
    this.#requests.inc(label);
    this.#numPromptTokens.inc(label, numPromptTokens);
    this.#numGeneratedTokens.inc(label, numGeneratedTokens);
  }

  /** `keyName`: undefined where no key of this service came. */
  countRefusal(keyName: string | undefined, reason: Refusal): void {
    this.#refusals.inc({ key: keyName === undefined ? NO_KEY : this.#labelOf(keyName), reason });
  }

  /** Says how limits that are shared with other replicas stand. */
  watchLimits(sharing: Pick<SharedLimits, 'isShared' | 'numFallbacks'>): void {
    new Gauge({
      name: `${this.#prefix}limits_shared`,
      help: '1 while the limits of keys are counted together with other replicas.',
      registers: [this.#registry],
      collect() {
        this.set(sharing.isShared ? 1 : 0);
      },
    });
    new Counter({
      name: `${this.#prefix}limits_fallbacks_total`,
      help: 'Questions to the store of limits that LIMITS_FALLBACK answered.',
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(sharing.numFallbacks);
      },
    });
  }

  /** The first hundred have a label of their own. */
  #labelOf(keyName: string): string {
    if (this.#names.size < MAX_KEYS) this.#names.add(keyName);
    return this.#names.has(keyName) ? keyName : OTHER_KEYS;
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name: this.#prefix + name, help, labelNames, registers: [this.#registry] });
  }
}
