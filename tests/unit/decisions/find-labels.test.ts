import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeParts } from '../../../src/decisions/render-frame.ts';
import { findLabels } from '../../../src/decisions/find-labels.ts';
import { CALL_START, writeQuestion } from '../../../src/decisions/write-question.ts';
import { ServedTokenizer } from '../../../src/text/served-tokenizer.ts';
import { fixturePath } from '../../support/fixtures.ts';

const caller = { clientId: '', signal: new AbortController().signal };
/** Byte-level BPE, byte-fallback BPE that puts a space in front of each text, and one that does not. */
const TOKENIZERS = [
  'tiny-gpt2',
  'tokenizers/byte-level.gguf',
  'tokenizers/llama.gguf',
  'tokenizers/gemma.gguf',
];

describe.each(TOKENIZERS)('with the tokenizer of %s', (path) => {
  let tokenizer: ServedTokenizer;
  beforeAll(async () => {
    tokenizer = await ServedTokenizer.load(fixturePath(...path.split('/')));
  });
  afterAll(() => tokenizer.stop());

  const encode = async (text: string): Promise<readonly number[]> => {
    const [ids = []] = await encodeParts(tokenizer, [text], { position: 'start' }, caller);
    return ids;
  };

  it('the labels are the tokens that a whole text has in their place', async () => {
    const { words, alphabets } = await findLabels(tokenizer, '\n\nAnswer:', caller);
    const sets = [...words, ...alphabets].filter(({ labels }) => labels.length > 0);
    expect(sets.length).toBeGreaterThan(0);
    for (const { labels, tokenIds } of sets) {
      for (const [index, label] of labels.entries()) {
        const spellings = [`all of it.\n\nAnswer:${label}`, `all of it.\n\nAnswer: ${label}`];
        const lastIds = await Promise.all(spellings.map(async (text) => (await encode(text)).at(-1)));
        expect(lastIds).toContain(tokenIds[index]);
      }
      expect(new Set(tokenIds).size).toBe(tokenIds.length);
    }
  });

  it.each(['The end.', 'a word', 'a line\n', 'blank ', '“quoted”', '日本語', ''])(
    'a question behind %j has the tokens that it has in the whole text',
    async (text) => {
      const labels = { labels: ['A', 'B'], tokenIds: [1, 2] };
      const options = [{ text: 'one' }, { text: 'two', description: 'or more' }];
      const question = { type: 'choice', instructions: 'How many?', options, param: '' } as const;
      const rest = writeQuestion(question, labels);
      const head = await encode(text + CALL_START);
      const [ids = []] = await encodeParts(tokenizer, [rest], { position: 'continuation' }, caller);
      expect([...head, ...ids]).toEqual(await encode(text + CALL_START + rest));
    },
  );
});

describe('the labels of a model', () => {
  it('are spelled with a space behind a word, and without one behind a line break', async () => {
    const tokenizer = await ServedTokenizer.load(fixturePath('..', '..', 'model-weights'));
    const textsOf = async (after: string): Promise<string[]> => {
      const { alphabets, words } = await findLabels(tokenizer, after, caller);
      return [alphabets[0], words[0]].map((set) => tokenizer.decode(set?.tokenIds.slice(0, 2) ?? []));
    };
    // 4,096 tokens hold "Yes" and "No", but not " Yes" or " yes".
    expect(await textsOf('\n\nAnswer:')).toEqual([' A B', 'YesNo']);
    expect(await textsOf('\nassistant:\n')).toEqual(['AB', 'YesNo']);
    await tokenizer.stop();
  });
});
