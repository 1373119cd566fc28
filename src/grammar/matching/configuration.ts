import type { AllowedTokens } from '../../sampling/allowed-tokens.ts';
import { type Expansions, ThreadMerger } from './expansion.ts';
import type { Fuel } from './fuel.ts';
import type { Entries, SpecialStep, StackSet, StackSets, Thread } from './stack-sets.ts';
import { DEAD } from './terminal-states.ts';

/**
 * All that a text may still become: a thread for each state of a terminal that it may be in. Equal configurations of a
 * grammar are one object, which remembers where its bytes lead.
 */
export interface Configuration {
  readonly threads: readonly Thread[];
  readonly specials: readonly SpecialStep[];
  /** True where the text may end here. */
  readonly isComplete: boolean;
  readonly next: Map<number, Configuration | undefined>;
  /** The tokens that may follow; undefined until they were asked for. */
  allowed: AllowedTokens | undefined;
}

/** Of memory, about: see SET_BYTES. */
const CONFIGURATION_BYTES = 500;
const ITEM_BYTES = 24;
const NEXT_BYTES = 40;

/** Of a step, and of each of its threads, in units of Fuel. */
const STEP_UNITS = 3;
const THREAD_UNITS = 5;

/** Steps a text of one grammar from configuration to configuration. */
export class Configurations {
  readonly #stacks: StackSets;
  readonly #expansions: Expansions;
  readonly #fuel: Fuel;
  readonly #keep: (numBytes: number) => void;
  readonly #startSet: StackSet;
  readonly #known = new Map<string, Configuration>();

  /** @param start node of the whole text */
  constructor(
    start: number,
    stacks: StackSets,
    expansions: Expansions,
    fuel: Fuel,
    keep: (numBytes: number) => void,
  ) {
    this.#stacks = stacks;
    this.#expansions = expansions;
    this.#fuel = fuel;
    this.#keep = keep;
    this.#startSet = stacks.push(start, 0, stacks.end);
  }

  /** Before the first byte. */
  get start(): Configuration {
    return this.#enter(this.#expansions.of(this.#startSet));
  }

  /** After another byte; undefined where no text of the grammar goes on so. */
  step(from: Configuration, byte: number): Configuration | undefined {
    this.#fuel.spend(STEP_UNITS);
    const known = from.next.get(byte);
    if (known !== undefined || from.next.has(byte)) return known;
    const to = this.#step(from, byte);
    from.next.set(byte, to);
    this.#keep(NEXT_BYTES);
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
    const special = specials.find((step) => step.name === name);
    return special && this.#enter(this.#expansions.of(special.behind));
  }

  /** Forgets what is known. Texts keep the configurations that they are in, which may be made once more. */
  forget(): void {
    for (const configuration of this.#known.values()) {
      configuration.next.clear();
      configuration.allowed = undefined;
    }
    this.#known.clear();
  }

  #step({ threads }: Configuration, byte: number): Configuration | undefined {
    const moved = new ThreadMerger(this.#stacks);
    const ended: StackSet[] = [];
    this.#fuel.spend(THREAD_UNITS * threads.length);
    for (const { terminal, state, behind } of threads) {
      const { states } = terminal;
      const next = states.step(state, byte);
      if (next === DEAD) continue;
      if (!states.isFinal(next)) moved.add(terminal, next, behind);
      if (states.accepts(next)) ended.push(behind);
    }
    const { threads: begun, specials, isComplete } = this.#behind(ended);
    for (const { terminal, state, behind } of begun) moved.add(terminal, state, behind);
    const reached = moved.merged();
    if (reached.length === 0 && specials.length === 0 && !isComplete) return undefined;
    return this.#enter({ threads: reached, specials, isComplete });
  }

  #behind(ended: readonly StackSet[]): Entries {
    return ended.length === 0 ? NOTHING : this.#expansions.of(this.#stacks.union(ended));
  }

  #enter({ threads, specials, isComplete }: Entries): Configuration {
    const key = keyOf(threads, specials, isComplete);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const configuration: Configuration = {
      threads,
      specials,
      isComplete,
      next: new Map(),
      allowed: undefined,
    };
    this.#known.set(key, configuration);
    this.#keep(CONFIGURATION_BYTES + ITEM_BYTES * (threads.length + specials.length));
    return configuration;
  }
}

const NOTHING: Entries = { threads: [], specials: [], isComplete: false };

function keyOf(threads: readonly Thread[], specials: readonly SpecialStep[], isComplete: boolean): string {
  const [thread] = threads;
  if (threads.length === 1 && specials.length === 0) return `${isComplete} ${thread?.id ?? ''}`;
  const ofSpecials = specials.map(({ name, behind }) => `${behind.id} ${JSON.stringify(name)}`);
  return [isComplete, ...threads.map(({ id }) => id), ...ofSpecials].join(',');
}

/** What remembers what it found, and can find it again. */
export interface Forgetful {
  /** Bytes that it takes itself, for as long as it is counted. */
  readonly ownBytes: number;
  forget(): void;
}

/**
 * Counts the bytes that the grammars of one vocabulary remember. Where they are too many, what was used longest ago
 * forgets all, and so on.
 */
export class KeptMatches {
  readonly #maxBytes: number;
  /** The latest used is the last. */
  readonly #bytesOf = new Map<Forgetful, number>();
  #numBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get numBytes(): number {
    return this.#numBytes;
  }

  /** Counts further bytes. Nothing is forgotten before `makeRoom`, as the work that keeps them is not done. */
  keep(keeper: Forgetful, numBytes: number): void {
    const before = this.#bytesOf.get(keeper);
    const after = (before ?? keeper.ownBytes) + numBytes;
    this.#bytesOf.delete(keeper);
    this.#bytesOf.set(keeper, after);
    this.#numBytes += after - (before ?? 0);
  }

  /** Between two questions. */
  makeRoom(): void {
    for (const keeper of this.#bytesOf.keys()) {
      if (this.#numBytes <= this.#maxBytes) return;
      this.drop(keeper);
    }
  }

  /** Lets one forget all. It is counted again once it keeps something. */
  drop(keeper: Forgetful): void {
    this.#numBytes -= this.#bytesOf.get(keeper) ?? 0;
    this.#bytesOf.delete(keeper);
    keeper.forget();
  }
}
