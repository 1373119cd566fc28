import type { Stacks } from './stacks.ts';
import { type Entries, type SpecialStep, type Stack, type Thread } from './stacks.ts';
import { DEAD } from './terminal-states.ts';

/**
 * All that a text may still become: a thread for each way to read it so far. Equal configurations of a grammar are one
 * object, which remembers where its bytes lead.
 */
export interface Configuration {
  readonly threads: readonly Thread[];
  readonly specials: readonly SpecialStep[];
  /** True where the text may end here. */
  readonly isComplete: boolean;
  readonly next: Map<number, Configuration | undefined>;
}

/** Configurations that are known of one grammar; then all are forgotten that no text is in. */
const MAX_KNOWN = 4096;
const MAX_STACKS = 65_536;

/** Steps a text of one grammar from configuration to configuration. */
export class Configurations {
  readonly #stacks: Stacks;
  readonly #known = new Map<string, Configuration>();

  constructor(stacks: Stacks) {
    this.#stacks = stacks;
  }

  /** Before the first byte. */
  get start(): Configuration {
    return this.#enter(this.#stacks.entriesOf(this.#stacks.start));
  }

  /** After another byte; undefined where no text of the grammar goes on so. */
  step(from: Configuration, byte: number): Configuration | undefined {
    if (from.next.has(byte)) return from.next.get(byte);
    const to = this.#step(from, byte);
    from.next.set(byte, to);
    return to;
  }

  /** After some bytes. */
  stepAll(from: Configuration, bytes: Uint8Array): Configuration | undefined {
    let at: Configuration | undefined = from;
    for (let i = 0; i < bytes.length && at !== undefined; i++) at = this.step(at, bytes[i] ?? 0);
    return at;
  }

  /** After a special token. */
  stepSpecial({ specials }: Configuration, name: string): Configuration | undefined {
    const entries = specials
      .filter((special) => special.name === name)
      .map(({ behind }) => this.#stacks.entriesOf(behind));
    return entries.length === 0 ? undefined : this.#enter(joinEntries(entries));
  }

  entriesOf(stack: Stack | undefined): Entries {
    return this.#stacks.entriesOf(stack);
  }

  #step({ threads }: Configuration, byte: number): Configuration | undefined {
    const reached: Entries[] = [];
    for (const { terminal, state, behind } of threads) {
      const { states } = terminal;
      const next = states.step(state, byte);
      if (next === DEAD) continue;
      if (!states.isFinal(next)) {
        reached.push({
          threads: [this.#stacks.thread(terminal, next, behind)],
          specials: [],
          isComplete: false,
        });
      }
      if (states.accepts(next)) reached.push(this.#stacks.entriesOf(behind));
    }
    return reached.length === 0 ? undefined : this.#enter(joinEntries(reached));
  }

  #enter(entries: Entries): Configuration {
    const threads = distinctThreads(entries.threads);
    const specials = distinctSpecials(entries.specials);
    const { isComplete } = entries;
    const key = keyOf(threads, specials, isComplete);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_KNOWN || this.#stacks.size >= MAX_STACKS) this.#forget();
    const configuration: Configuration = { threads, specials, isComplete, next: new Map() };
    this.#known.set(key, configuration);
    return configuration;
  }

  /** What texts are in stays theirs; it is only met again as another object. */
  #forget(): void {
    for (const configuration of this.#known.values()) configuration.next.clear();
    this.#known.clear();
    this.#stacks.forget();
  }
}

/** In the order of ids. Most configurations have one thread: a text is rarely read in two ways. */
function distinctThreads(threads: readonly Thread[]): readonly Thread[] {
  if (threads.length < 2) return threads;
  const byId = new Map(threads.map((thread) => [thread.id, thread]));
  return [...byId.values()].toSorted((one, other) => one.id - other.id);
}

function distinctSpecials(specials: readonly SpecialStep[]): readonly SpecialStep[] {
  if (specials.length < 2) return specials;
  return [...new Map(specials.map((special) => [specialKey(special), special])).values()];
}

const specialKey = ({ name, behind }: SpecialStep): string => `${behind?.id ?? ''} ${JSON.stringify(name)}`;

function keyOf(threads: readonly Thread[], specials: readonly SpecialStep[], isComplete: boolean): string {
  const [thread] = threads;
  if (threads.length === 1 && specials.length === 0) return `${isComplete} ${thread?.id ?? ''}`;
  return [isComplete, ...threads.map(({ id }) => id), ...specials.map(specialKey)].join(',');
}

function joinEntries(entries: readonly Entries[]): Entries {
  const [only, ...others] = entries;
  if (only !== undefined && others.length === 0) return only;
  return {
    threads: entries.flatMap(({ threads }) => threads),
    specials: entries.flatMap(({ specials }) => specials),
    isComplete: entries.some(({ isComplete }) => isComplete),
  };
}
