import { compileGrammar } from '../grammar/compile/compile-grammar.ts';
import type { GrammarSpec } from '../grammar/grammar-spec.ts';
import type { Grammar } from '../grammar/grammar.ts';
import { GrammarVocabulary } from '../grammar/matching/grammar-vocabulary.ts';
import { TokenGrammar } from '../grammar/matching/token-grammar.ts';
import { TokenTrie, type TokenTrieData } from '../grammar/matching/token-trie.ts';
import { EngineError } from '../errors.ts';
import { TokenTable, type TokenTableData } from '../tokenizer/token-table.ts';
import { serveJobs } from './serve-jobs.ts';

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
  minTokens: number;
}

let vocabulary: GrammarVocabulary | undefined;

serveJobs({
  setUp: ({ table: data, specialTokenIds }: GrammarSetup): TokenTrieData => {
    const table = new TokenTable(data);
    const special = new Set(specialTokenIds);
    const nothing = new Uint8Array();
    const trie = TokenTrie.build(table.vocabSize, (id) => (special.has(id) ? nothing : table.idToBytes(id)));
    vocabulary = new GrammarVocabulary(trie);
    return trie;
  },
  answer: ({ spec, specialTokenIds }: GrammarQuestion): GrammarAnswer => {
    if (vocabulary === undefined) throw new EngineError('internal', 'a vocabulary comes before its grammars');
    const grammar = compileGrammar(spec);
    const matched = new TokenGrammar({ grammar, specialTokenIds }, vocabulary);
    const end = matched.tokensToEnd(matched.start);
    if (end !== undefined) return { grammar, minTokens: end.length };
    throw new EngineError('invalid_request', "the model's vocabulary cannot write a text of that format");
  },
});
