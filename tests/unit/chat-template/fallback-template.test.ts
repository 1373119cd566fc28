import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFallbackTemplate } from '../../../src/chat-template/fallback-template.ts';
import { ServedTokenizer } from '../../../src/text/served-tokenizer.ts';
import { ChatTemplateRenderer, type ChatMessage } from '../../../src/chat-template/renderer.ts';
import { makeChatModel } from '../../support/chat-model.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

describe('the built-in chat template', () => {
  async function render(messages: readonly ChatMessage[]): Promise<string> {
    const fallback = await readFallbackTemplate('builtin', undefined);
    const renderer = new ChatTemplateRenderer({ template: fallback?.template ?? '', specialTokens: {} });
    return renderer.render({ messages }, new Date());
  }

  it('writes each turn behind its speaker, and ends behind the assistant', async () => {
    expect(
      await render([
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello\n' },
        { role: 'assistant', content: ' Good day.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What' },
            { type: 'text', text: 'now?' },
          ],
        },
      ]),
    ).toBe('System: Be brief.\nUser: Hello\nAssistant: Good day.\nUser: What\nnow?\nAssistant:');
  });

  it('has calls and results of tools', async () => {
    const call = (given: unknown): object => ({
      id: 'c',
      type: 'function',
      function: { name: 'add', arguments: given },
    });
    expect(
      await render([
        { role: 'user', content: '1 + 1?' },
        { role: 'assistant', tool_calls: [call({ a: 1 }), call('no JSON')] },
        { role: 'tool', content: '2', tool_call_id: 'c' },
      ]),
    ).toBe(
      'User: 1 + 1?\n' +
        'Assistant: {"name": "add", "arguments": {"a": 1}} {"name": "add", "arguments": "no JSON"}\n' +
        'Tool: 2\nAssistant:',
    );
  });

  it('knows where another turn begins', async () => {
    const fallback = await readFallbackTemplate('builtin', undefined);
    const turns = await render(
      ['system', 'user', 'assistant', 'tool'].map((role) => ({ role, content: 'a' })),
    );
    const speakers = turns.split('\n').map((line) => `\n${line.slice(0, line.indexOf(':') + 1)}`);
    expect(new Set(fallback?.stopStrings)).toEqual(new Set(speakers));
  });
});

describe('readFallbackTemplate', () => {
  it('reads the file that is named', async () => {
    const path = join(tempDirectory(), 'chat.jinja');
    writeFileSync(path, 'T');
    expect(await readFallbackTemplate('file', path)).toEqual({
      origin: 'file',
      template: 'T',
      stopStrings: [],
    });
    expect(await readFallbackTemplate('refuse', undefined)).toBeUndefined();
  });

  it.each([
    ['file', undefined, 'name the file'],
    ['file', '/nowhere.jinja', 'cannot be read'],
    ['builtin', '/nowhere.jinja', 'CHAT_TEMPLATE is builtin: set it to file'],
  ] as const)('refuses %s with %s', async (choice, path, message) => {
    await expect(readFallbackTemplate(choice, path)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuses a file that is no template by its size', async () => {
    const path = join(tempDirectory(), 'chat.jinja');
    writeFileSync(path, ' '.repeat(2 ** 20 + 1));
    await expect(readFallbackTemplate('file', path)).rejects.toMatchObject({ code: 'config_invalid' });
  });
});

describe('ServedTokenizer', () => {
  const caller = { clientId: '', signal: new AbortController().signal };

  it("takes it for a model without one, with the model's special tokens, and for no other", async () => {
    const own = makeChatModel();
    const none = makeChatModel();
    writeFileSync(join(none.path, 'tokenizer_config.json'), JSON.stringify({ bos_token: '<|endoftext|>' }));
    const fallbackTemplate = {
      origin: 'file' as const,
      template: '{{ bos_token }}{{ messages[0].content }}',
      stopStrings: ['END'],
    };
    const ofOwn = await ServedTokenizer.load(own.path, undefined, { fallbackTemplate });
    const ofNone = await ServedTokenizer.load(none.path, undefined, { fallbackTemplate });
    const ofRefusal = await ServedTokenizer.load(none.path);
    expect(ofOwn.chatTemplate).toMatchObject({ origin: 'own', stopStrings: [] });
    expect(ofNone.chatTemplate).toMatchObject({ origin: 'file', stopStrings: ['END'] });
    expect(ofRefusal.chatTemplate).toBeUndefined();
    const text = await ofNone.chatTemplate?.render({ messages: [{ role: 'user', content: 'a' }] }, caller);
    expect(text).toBe('<|endoftext|>a');
    expect(ofOwn.kind).toBe('BPE');
    await Promise.all([ofOwn, ofNone, ofRefusal].map((tokenizer) => tokenizer.stop()));
    own.remove();
    none.remove();
  });
});
