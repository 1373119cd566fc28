import { assertInvariant, EngineError } from '../../errors.ts';
import type { AllowedTokens } from '../../sampling/allowed-tokens.ts';
import type { Grammar } from '../grammar.ts';
import { type Configuration, Configurations, type Forgetful } from './configuration.ts';
import { bytesToEnd, EndTexts } from './end-texts.ts';
import { Expansions } from './expansion.ts';
import type { GrammarVocabulary } from './grammar-vocabulary.ts';
import { type TerminalNode, toProgram } from './program.ts';
import { RestCosts } from './rest-costs.ts';
import { numFramesBelow, type SharedTerminal, StackSets } from './stack-sets.ts';
import { sizeOf } from './terminal-walks.ts';
import type { MaskGrammar } from './token-masks.ts';

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

/** Most bytes of an end that is written; more would take longer than any text. */
export const MAX_END_BYTES = 2 ** 18;

/** Of a node of a program, about: see SET_BYTES. */
const NODE_BYTES = 150;

/** Most frames that one text may hold, about 25 MiB: JSON of 10,000 lists in each other takes 20,000. */
export const MAX_TEXT_FRAMES = 60_000;

/** A grammar over the tokens of a vocabulary. It holds no text: SequenceGuide does. */
export class TokenGrammar implements Forgetful {
  readonly ownBytes: number;
  readonly #vocabulary: GrammarVocabulary;
  readonly #costs: RestCosts;
  readonly #stacks: StackSets;
  readonly #expansions: Expansions;
  readonly #configurations: Configurations;
  readonly #ends: EndTexts;
  readonly #specialTokenIds: ReadonlyMap<string, number>;
  readonly #specialNames: ReadonlyMap<number, string>;
  readonly #maskGrammar: MaskGrammar;

  constructor({ grammar, specialTokenIds, nodeCosts }: GrammarSource, vocabulary: GrammarVocabulary) {
    const { fuel, kept } = vocabulary;
    const keep = (numBytes: number): void => kept.keep(this, numBytes);
    const program = toProgram(grammar);
    const terminalOf = terminalsOf(vocabulary);
    this.ownBytes = NODE_BYTES * program.nodes.length;
    this.#vocabulary = vocabulary;
    this.#costs = new RestCosts(program.nodes, (node) => terminalOf(node).states.numBytesToEnd(0), nodeCosts);
    this.#stacks = new StackSets(this.#costs, fuel, keep);
    this.#expansions = new Expansions(program, this.#costs, this.#stacks, terminalOf, fuel);
    this.#configurations = new Configurations(program.start, this.#stacks, this.#expansions, fuel, keep);
    this.#ends = new EndTexts(program, this.#costs, terminalOf);
    this.#specialTokenIds = specialTokenIds;
    this.#specialNames = new Map([...specialTokenIds].map(([name, id]) => [id, name]));
    this.#maskGrammar = {
      entriesOf: (set) => this.#expansions.of(set),
      step: (from, byte) => this.#configurations.step(from, byte),
      specialTokenId: (name) => specialTokenIds.get(name),
    };
  }

  /** Bytes of the shortest text of each node, as GrammarSource takes them. */
  get nodeCosts(): Float64Array {
    return this.#costs.ofNodes;
  }

  /** Before the first token. @throws EngineError `format_too_complex` */
  get start(): Configuration {
    this.#begin();
    return this.#configurations.start;
  }

  /** After another token; undefined where no text of the grammar goes on so. @throws EngineError `format_too_complex` */
  step(from: Configuration, tokenId: number): Configuration | undefined {
    this.#begin();
    const name = this.#specialNames.get(tokenId);
    if (name !== undefined) return this.#configurations.stepSpecial(from, name);
    const bytes = this.#vocabulary.trie.bytesOf(tokenId);
    return bytes === undefined ? undefined : this.#configurations.stepAll(from, bytes);
  }

  /**
   * The tokens that may follow; those that end a sequence are not among them.
   * @throws EngineError `format_too_complex`
   */
  allowed(at: Configuration): AllowedTokens {
    if (at.allowed !== undefined) return at.allowed;
    this.#begin();
    const allowed = this.#vocabulary.masks.of(at, this.#maskGrammar);
    this.#vocabulary.kept.keep(this, sizeOf(allowed));
    at.allowed = allowed;
    return allowed;
  }

  /** The fewest bytes to a whole text; never fewer than the tokens that it takes. */
  numBytesToEnd(at: Configuration): number {
    return bytesToEnd(at);
  }

  /**
   * Tokens that make the text whole, few if not the fewest; undefined where the vocabulary cannot write them.
   * @throws EngineError `format_too_complex` where they are more than MAX_END_BYTES
   */
  tokensToEnd(at: Configuration): number[] | undefined {
    const numBytes = bytesToEnd(at);
    if (numBytes > MAX_END_BYTES) {
      const complaint = `the shortest text of the format takes ${numBytes} bytes; at most ${MAX_END_BYTES} are taken`;
      throw new EngineError('format_too_complex', complaint);
    }
    const tokens: number[] = [];
    for (const piece of this.#ends.of(at)) {
      const written =
        typeof piece === 'string' ? this.#specialToken(piece) : this.#vocabulary.trie.fewestTokens(piece);
      if (written === undefined) return undefined;
      for (const tokenId of written) tokens.push(tokenId);
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
    this.#begin();
    const bytes: number[] = [];
    for (let next: Configuration | undefined = at; next !== undefined && bytes.length < MAX_FORCED_BYTES;) {
      const byte = onlyByteAfter(next);
      if (byte === undefined) break;
      bytes.push(byte);
      next = this.#configurations.step(next, byte);
    }
    return this.#vocabulary.trie.fewestTokens(Uint8Array.from(bytes)) ?? [];
  }

  /** Units of work that all questions took, of all grammars of the vocabulary. */
  get numUnitsSpent(): number {
    return this.#vocabulary.fuel.numSpent;
  }

  /** How many frames were made for all texts: a text holds no more frames than it did, and these. */
  get numFramesMade(): number {
    return this.#stacks.numFramesMade;
  }

  /** @throws EngineError `format_too_complex` where a text holds more than MAX_TEXT_FRAMES */
  checkSize({ threads, specials }: Configuration): void {
    const sets = [...threads, ...specials].map(({ behind }) => behind);
    if (numFramesBelow(sets, MAX_TEXT_FRAMES) <= MAX_TEXT_FRAMES) return;
    throw new EngineError(
      'format_too_complex',
      `the format is too complex: its text is nested, or can be read, in more than ${MAX_TEXT_FRAMES} ways`,
    );
  }

  forget(): void {
    this.#configurations.forget();
    this.#expansions.forget();
    this.#stacks.forget();
  }

  /** Each question has fuel of its own, and what is kept beyond the bounds is forgotten before it. */
  #begin(): void {
    this.#vocabulary.fuel.refill();
    this.#vocabulary.kept.makeRoom();
  }
}

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
