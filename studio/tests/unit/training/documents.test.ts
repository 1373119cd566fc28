import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCorpus, splitDocuments } from '../../../training/corpus.ts';
import { encodeDocument } from '../../../training/chat-format.ts';
import { parseDocuments, textsOf } from '../../../training/documents.ts';
import { promptsOf, questionsOf } from '../../../training/prompts.ts';
import { prepareData } from '../../../training/training-data.ts';

const user = (content: unknown): unknown => ({ role: 'user', content });
const assistant = (content: unknown): unknown => ({ role: 'assistant', content });
const line = (value: unknown): string => JSON.stringify(value);
const chat = (...messages: unknown[]): string => line({ messages });

describe('a line of a .jsonl file', () => {
  it('is a text or a conversation, trimmed, whatever other fields it has', () => {
    const content = [
      line({ text: ' A fox.\n', subject: 'fox' }),
      '',
      chat(user('Hello '), assistant('Hello.')),
      '',
    ].join('\n');
    expect(parseDocuments('a.jsonl', content)).toEqual([
      'A fox.',
      [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hello.' },
      ],
    ]);
  });

  it.each([
    ['{"text": "a', /not JSON/],
    ['["a"]', /an object with a "text", or with a list of "messages"/],
    ['{"text": 1}', /an object with a "text"/],
    ['{"text": "a", "messages": []}', /an object with a "text"/],
    ['{"text": " "}', /the text is empty/],
    ['{"messages": []}', /the last message must be of the role "assistant"/],
    [chat(user('a')), /the last message must be of the role "assistant"/],
    [chat(assistant('a'), user('b')), /message 1 must be of the role "user"/],
    [chat(user('a'), user('b')), /message 2 must be of the role "assistant"/],
    [chat(user('a'), assistant(['b'])), /message 2 has no text as its "content"/],
    [chat(user(''), assistant('b')), /message 1 has no text/],
    ['{"messages": [1, 2]}', /message 1 must be of the role "user"/],
  ])('that reads %s is refused by file and line', (bad, reason) => {
    const parse = () => parseDocuments('dir/a.jsonl', `${line({ text: 'good' })}\n\n${bad}\n`);
    expect(parse).toThrow(/^dir\/a\.jsonl, line 3: /);
    expect(parse).toThrow(reason);
  });

  it('is needed', () => {
    expect(() => parseDocuments('a.jsonl', '\n')).toThrow('a.jsonl holds no document');
  });
});

describe('documents', () => {
  const story = (i: number): string => `Story number ${i} is about a fox and an owl in the wood.`;
  const texts = Array.from({ length: 40 }, (_, i) => story(i));

  it('are held out from the end, but for the first', () => {
    const { training, heldOut } = splitDocuments('Stories', texts, 0.1);
    expect(training).toEqual(texts.slice(0, 36));
    expect(heldOut).toEqual(texts.slice(36));
    expect(splitDocuments('One', ['a'], 0.5)).toMatchObject({ training: ['a'], heldOut: [] });
  });

  it('stand between end-of-text tokens, in training and held out', () => {
    const source = splitDocuments('Stories', texts, 0.1);
    const { encoder, tokens, heldOut, chats } = prepareData([source], 280);
    expect(chats).toBe(false);
    expect(encoder.specialTokens).toEqual(['<|endoftext|>']);
    const between = (stream: Int32Array): number[][] => {
      const parts: number[][] = [];
      for (const id of stream) {
        if (id === encoder.endOfTextId) parts.push([]);
        else parts.at(-1)?.push(id);
      }
      expect(parts.pop(), 'the stream ends with the token').toEqual([]);
      return parts;
    };
    expect(between(tokens)).toEqual(source.training.map((text) => [...encodeDocument(encoder, text)]));
    expect(heldOut.sequences).toHaveLength(1);
    expect(heldOut.sequences.flatMap(between)).toEqual(
      source.heldOut.map((text) => [...encodeDocument(encoder, text)]),
    );
    expect(heldOut.numBytes).toBe(Buffer.byteLength(source.heldOut.flatMap(textsOf).join('')));
  });

  it('of a source that counts twice are trained on twice, and held out once', () => {
    const once = prepareData([splitDocuments('Stories', texts, 0.1)], 280);
    const twice = prepareData([splitDocuments('Stories', texts, 0.1, 2)], 280);
    // The token at the beginning is common to both.
    expect(twice.tokens.length).toBe(2 * once.tokens.length - 1);
    expect(twice.numTrainingBytes).toBe(2 * once.numTrainingBytes);
    expect(twice.heldOut).toEqual(once.heldOut);
  });

  it('give prompts by their first words, and conversations their questions', () => {
    const talks = [1, 2, 3].map((i) => [
      { role: 'user' as const, content: `Question ${i}?` },
      { role: 'assistant' as const, content: 'Yes.' },
    ]);
    const source = { ...splitDocuments('Mixed', texts, 0.5), heldOut: [...texts.slice(20), ...talks] };
    expect(promptsOf([source], 2)).toEqual(['Story number 20 is about a', 'Story number 30 is about a']);
    expect(questionsOf([source], 3)).toEqual(['Question 1?', 'Question 2?', 'Question 3?']);
  });
});

describe('a corpus in files', () => {
  let directory: string;
  const write = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'corpus-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('has documents and books, each once, with what a manifest says', async () => {
    const documents = write('documents.jsonl', `${line({ text: 'a' })}\n${line({ text: 'b' })}\n`);
    const book = write('a-book.txt', 'one two three');
    write(
      'manifest.json',
      line({ description: 'Made up. ', counts: { stories: 2, by: 'hand' }, version: 1 }),
    );
    const sources = await readCorpus([documents, book, documents], 0.5);
    expect(sources).toMatchObject([
      { title: 'Documents', kind: 'documents', training: ['a'], heldOut: ['b'], times: 2 },
      { title: 'A Book', kind: 'book', training: ['one two'], heldOut: [' three'], times: 1 },
    ]);
    expect(sources[0]?.manifest).toEqual({ description: 'Made up.', counts: new Map([['stories', 2]]) });
    write('manifest.json', '[]');
    await expect(readCorpus([documents], 0.5)).rejects.toMatchObject({ code: 'config_invalid' });
  });
});
