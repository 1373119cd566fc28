import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GrammarSpec } from '../../src/grammar/grammar-spec.ts';
import { ROOT } from '../../scripts/install-packages.ts';

/** A grammar of tests/fixtures/grammars, as other engines take it (`source`) and as ours does (`spec`). */
export interface CorpusItem {
  readonly name: string;
  readonly kind: CorpusKind;
  readonly source: unknown;
  readonly spec: GrammarSpec;
}

export const CORPUS_KINDS = ['ebnf', 'regex', 'choice', 'schema'] as const;
export type CorpusKind = (typeof CORPUS_KINDS)[number];

const FOLDER = join(ROOT, 'tests/fixtures/grammars');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

/** Grammars and schemas by the shapes of public collections. */
export function readGrammarCorpus(): CorpusItem[] {
  return [...readEbnf(), ...readTexts(), ...readSchemas()];
}

function readEbnf(): CorpusItem[] {
  const [, ...parts] = read('ebnf.gbnf').split(/^#= (.*)\n/m);
  return parts.flatMap((name, i) => {
    if (i % 2 === 1) return [];
    const text = parts[i + 1] ?? '';
    return [{ name, kind: 'ebnf' as const, source: text, spec: { type: 'ebnf', text, param: name } }];
  });
}

function readTexts(): CorpusItem[] {
  const items = JSON.parse(read('texts.json')) as Record<string, { regex: string } | { choice: string[] }>;
  return Object.entries(items).map(([name, item]) => {
    if ('regex' in item) {
      const spec: GrammarSpec = { type: 'regex', pattern: item.regex, param: name };
      return { name, kind: 'regex', source: item.regex, spec };
    }
    const items = item.choice.map((text): GrammarSpec => ({ type: 'literal', text }));
    return { name, kind: 'choice', source: item.choice, spec: { type: 'choice', items } };
  });
}

function readSchemas(): CorpusItem[] {
  return Object.entries(JSON.parse(read('schemas.json')) as Record<string, unknown>).map(
    ([name, schema]) => ({
      name,
      kind: 'schema',
      source: schema,
      spec: { type: 'jsonSchema', schema, param: name },
    }),
  );
}
