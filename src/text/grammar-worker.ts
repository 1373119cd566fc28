import { compileGrammar } from '../grammar/compile/compile-grammar.ts';
import type { GrammarSpec } from '../grammar/grammar-spec.ts';
import { type Grammar, grammarBytes } from '../grammar/grammar.ts';
import { GrammarVocabulary } from '../grammar/matching/grammar-vocabulary.ts';
import { type GrammarSource, TokenGrammar } from '../grammar/matching/token-grammar.ts';
import { TokenTrie, type TokenTrieData } from '../grammar/matching/token-trie.ts';
import { EngineError } from '../errors.ts';
import { TokenTable, type TokenTableData } from '../tokenizer/token-table.ts';
import { serveJobs } from '../process/serve-jobs.ts';

/** The process in which grammars are compiled: the other side of GrammarCompiler. */

export interface GrammarSetup {
  table: TokenTableData;
  /** Tokens that are no text. */
  specialTokenIds: readonly number[];
}

export interface GrammarQuestion {
  spec: GrammarSpec;
  specialTokenIds: ReadonlyMap<string, number>;
}

export interface GrammarAnswer {
  grammar: Grammar;
  /** See GrammarSource. */
  nodeCosts: Float64Array;
  numBytes: number;
  minTokens: number;
}

/**
 * What all grammars remember of a vocabulary in this process, which matches no texts. The shortest texts of 215 public
 * grammars take 2 MiB of it at 50,257 tokens.
 */
const MAX_KEPT_BYTES = 16 * 2 ** 20;
/** It crosses two channels between processes, and is kept in two. */
const MAX_GRAMMAR_BYTES = 8 * 2 ** 20;

let vocabulary: GrammarVocabulary | undefined;

serveJobs({
  setUp: ({ table: data, specialTokenIds }: GrammarSetup): TokenTrieData => {
    const table = new TokenTable(data);
    const special = new Set(specialTokenIds);
    const nothing = new Uint8Array();
    const trie = TokenTrie.build(table.vocabSize, (id) => (special.has(id) ? nothing : table.idToBytes(id)));
    vocabulary = new GrammarVocabulary(trie, { maxKeptBytes: MAX_KEPT_BYTES });
    return trie;
  },
  answer: ({ spec, specialTokenIds }: GrammarQuestion): GrammarAnswer => {
    if (vocabulary === undefined) throw new EngineError('internal', 'a vocabulary comes before its grammars');
    const grammar = compileGrammar(spec);
    const numBytes = grammarBytes(grammar);
    if (numBytes > MAX_GRAMMAR_BYTES) {
      const complaint = `the format takes ${numBytes} bytes when it is compiled; at most ${MAX_GRAMMAR_BYTES} are taken`;
      throw new EngineError('invalid_request', complaint);
    }
    const { nodeCosts, minTokens } = shortestText({ grammar, specialTokenIds }, vocabulary);
    if (minTokens !== undefined) {
      return { grammar, nodeCosts, numBytes: numBytes + nodeCosts.byteLength, minTokens };
    }
    throw new EngineError('invalid_request', "the model's vocabulary cannot write a text of that format");
  },
});

/** Tokens of the shortest text; undefined where the vocabulary cannot write it. */
function shortestText(
  source: GrammarSource,
  vocabulary: GrammarVocabulary,
): { nodeCosts: Float64Array; minTokens: number | undefined } {
  const matched = new TokenGrammar(source, vocabulary);
  try {
    return { nodeCosts: matched.nodeCosts, minTokens: matched.tokensToEnd(matched.start)?.length };
  } finally {
    // The engine process matches texts of the grammar; this one does not.
    vocabulary.kept.drop(matched);
  }
}
