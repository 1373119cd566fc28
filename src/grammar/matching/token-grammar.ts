import { assertInvariant } from '../../errors.ts';
import type { AllowedTokens } from '../../sampling/allowed-tokens.ts';
import type { Grammar } from '../grammar.ts';
import { Configurations, type Configuration } from './configuration.ts';
import { EndCosts } from './end-costs.ts';
import type { GrammarVocabulary } from './grammar-vocabulary.ts';
import { toProgram } from './program.ts';
import { Stacks, type SharedTerminal } from './stacks.ts';
import type { Node } from './program.ts';

/** A grammar that is to be matched. */
export interface GrammarSource {
  readonly grammar: Grammar;
  /** The ids of the special tokens that it names. */
  readonly specialTokenIds: ReadonlyMap<string, number>;
  /**
   * What another TokenGrammar of this grammar found (`nodeCosts`), so that it is not computed again: [nodes]. Undefined: it
   * is computed.
   */
  readonly nodeCosts?: Float64Array;
}

/** Most bytes that are looked ahead for what the grammar forces. */
const MAX_FORCED_BYTES = 64;

/** A grammar over the tokens of a vocabulary. It holds no text: GrammarMatcher does. */
export class TokenGrammar {
  readonly #vocabulary: GrammarVocabulary;
  readonly #configurations: Configurations;
  readonly #costs: EndCosts;
  readonly #specialTokenIds: ReadonlyMap<string, number>;
  readonly #specialNames: ReadonlyMap<number, string>;

  constructor({ grammar, specialTokenIds, nodeCosts }: GrammarSource, vocabulary: GrammarVocabulary) {
    const program = toProgram(grammar);
    const terminalOf = terminalsOf(vocabulary);
    this.#vocabulary = vocabulary;
    this.#configurations = new Configurations(new Stacks(program, terminalOf));
    this.#costs = new EndCosts(program, terminalOf, nodeCosts);
    this.#specialTokenIds = specialTokenIds;
    this.#specialNames = new Map([...specialTokenIds].map(([name, id]) => [id, name]));
  }

  /** Bytes of the shortest text of each node, as GrammarSource takes them. */
  get nodeCosts(): Float64Array {
    return this.#costs.ofNodes;
  }

  /** Before the first token. */
  get start(): Configuration {
    return this.#configurations.start;
  }

  /** After another token; undefined where no text of the grammar goes on so. */
  step(from: Configuration, tokenId: number): Configuration | undefined {
    const name = this.#specialNames.get(tokenId);
    if (name !== undefined) return this.#configurations.stepSpecial(from, name);
    const bytes = this.#vocabulary.trie.bytesOf(tokenId);
    return bytes === undefined ? undefined : this.#configurations.stepAll(from, bytes);
  }

  /** The tokens that may follow; those that end a sequence are not among them. */
  allowed(at: Configuration): AllowedTokens {
    return this.#vocabulary.masks.of(
      at,
      (stack) => this.#configurations.entriesOf(stack),
      (name) => this.#specialTokenIds.get(name),
    );
  }

  /** The fewest bytes to a whole text; never fewer than the tokens that it takes. */
  numBytesToEnd(at: Configuration): number {
    return this.#costs.of(at);
  }

  /** Tokens that make the text whole, few if not the fewest; undefined where the vocabulary cannot write them. */
  tokensToEnd(at: Configuration): number[] | undefined {
    const tokens: number[] = [];
    for (const piece of this.#costs.endOf(at)) {
      const written =
        typeof piece === 'string' ? this.#specialToken(piece) : this.#vocabulary.trie.fewestTokens(piece);
      if (written === undefined) return undefined;
      tokens.push(...written);
    }
    return tokens;
  }

  #specialToken(name: string): number[] {
    const id = this.#specialTokenIds.get(name);
    assertInvariant(id !== undefined, `the id of the special token ${name} comes with the grammar`);
    return [id];
  }

  /** Tokens of the text that alone can follow, as far as it is forced; empty where there is a choice. */
  forcedTokens(at: Configuration): number[] {
    const bytes: number[] = [];
    for (let next: Configuration | undefined = at; next !== undefined && bytes.length < MAX_FORCED_BYTES;) {
      const byte = onlyByteAfter(next);
      if (byte === undefined) break;
      bytes.push(byte);
      next = this.#configurations.step(next, byte);
    }
    return this.#vocabulary.trie.fewestTokens(Uint8Array.from(bytes)) ?? [];
  }
}

type TerminalNode = Extract<Node, { type: 'terminal' }>;

/** The vocabulary compares terminals by their content, which takes a while: here each is asked for once. */
function terminalsOf(vocabulary: GrammarVocabulary): (node: TerminalNode) => SharedTerminal {
  const known = new Map<object, SharedTerminal>();
  return (node) => {
    const { terminal, suffix } = node;
    // Many nodes are of one terminal; one with a literal behind it is of its own.
    const key = suffix.length === 0 ? terminal : node;
    const shared = known.get(key) ?? vocabulary.terminal(terminal, suffix);
    known.set(key, shared);
    return shared;
  };
}

function onlyByteAfter({ threads, specials, isComplete }: Configuration): number | undefined {
  const [thread, ...others] = threads;
  if (thread === undefined || others.length > 0 || specials.length > 0 || isComplete) return undefined;
  const { states } = thread.terminal;
  const byte = states.accepts(thread.state) ? -1 : states.onlyByte(thread.state);
  return byte < 0 ? undefined : byte;
}
