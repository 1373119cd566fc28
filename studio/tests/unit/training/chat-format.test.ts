import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChatTemplateRenderer, type ChatMessage } from '../../../../src/chat-template/renderer.ts';
import { Tokenizer } from '../../../../src/tokenizer/tokenizer.ts';
import { CHAT_TEMPLATE, CHAT_TOKENS, encodeDocument, encodeQuestion } from '../../../training/chat-format.ts';
import { splitDocuments } from '../../../training/corpus.ts';
import { parseDocuments, type Turn } from '../../../training/documents.ts';
import { gpt2ConfigJson, writeModelDescription } from '../../../training/model-directory.ts';
import { prepareData } from '../../../training/training-data.ts';
import { fixturePath, readJsonFixture } from '../../../../tests/support/fixtures.ts';
import { smallDocuments, smallOptions } from '../../support/small-training.ts';
import { tempDirectory } from '../../../../tests/support/temp-directory.ts';

/** By transformers from the files of the fixture: scripts/goldens/trained_chat.py. */
interface Goldens {
  cases: {
    messages: ChatMessage[];
    addGenerationPrompt: boolean;
    text?: string;
    tokenIds?: number[];
    error?: string;
  }[];
  endTokens: string[];
  specialTokens: string[];
}

const GOLDENS = readJsonFixture('trained-chat', 'expected.json') as Goldens;
const documents = parseDocuments('documents.jsonl', smallDocuments());
const data = prepareData([splitDocuments('Documents', documents, 0.1)], 320);
const { encoder } = data;

const render = (messages: ChatMessage[]): string =>
  new ChatTemplateRenderer({ template: CHAT_TEMPLATE, specialTokens: {} }).render({ messages }, new Date());

describe('a model of a corpus with conversations', () => {
  it('has the files of which transformers made the expected values', async () => {
    const options = smallOptions({ corpus: [], directory: tempDirectory(), out: 'model' });
    await writeModelDescription(options.out, gpt2ConfigJson(options, encoder), data);
    for (const name of ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json', 'config.json']) {
      const written = readFileSync(join(options.out, name), 'utf8');
      await expect(written).toMatchFileSnapshot(fixturePath('trained-chat', name));
    }
  });

  it('has the tokens of turns, which are no text', async () => {
    expect(encoder.vocabSize).toBe(320);
    expect(GOLDENS.specialTokens).toEqual(['<|endoftext|>', ...CHAT_TOKENS].sort());
    expect(GOLDENS.endTokens).toEqual(['<|endoftext|>', '<|end|>']);
    const tokenizer = await Tokenizer.load(fixturePath('trained-chat'));
    expect(tokenizer.specialTokenIds).toEqual(new Set([316, 317, 318, 319]));
  });

  // The service always asks for an answer.
  const asked = GOLDENS.cases.filter(
    ({ text, addGenerationPrompt }) => text !== undefined && addGenerationPrompt,
  );

  it.each(asked)('writes $text as transformers does', async ({ messages, text, tokenIds }) => {
    const rendered = render(messages);
    expect(rendered).toBe(text);
    const tokenizer = await Tokenizer.load(fixturePath('trained-chat'));
    expect(tokenizer.encode(rendered, { addSpecialTokens: false })).toEqual(tokenIds);
  });

  it('refuses roles that it does not know, as with transformers', () => {
    const [refused, ...others] = GOLDENS.cases.filter(({ error }) => error !== undefined);
    expect(others.map(({ messages }) => messages)).toEqual([refused?.messages]);
    expect(refused?.error).toContain('turns of user and assistant');
    expect(() => render(refused?.messages ?? [])).toThrow(refused?.error);
  });

  it('is trained on the ids that transformers gives, and samples go on from them', () => {
    const whole = GOLDENS.cases.filter(
      ({ messages, addGenerationPrompt }) => messages[0]?.role === 'user' && !addGenerationPrompt,
    );
    const turns = whole.filter(({ messages }) => messages.at(-1)?.role === 'assistant');
    expect(turns).not.toEqual([]);
    for (const { messages, tokenIds } of turns) {
      expect([...encodeDocument(encoder, messages as Turn[])]).toEqual(tokenIds);
    }
    const [question] = asked;
    expect([...encodeQuestion(encoder, 'What did the fox do?')]).toEqual(question?.tokenIds);
  });

  it('takes the tokens of turns in a text for text', () => {
    const text = 'She wrote <|end|> and <|user|>.';
    expect(Math.max(...encodeDocument(encoder, text))).toBeLessThan(encoder.endOfTextId);
  });
});
