import { describe, expect, it } from 'vitest';
import { toConversationMessages } from '../../../routes/responses/schemas/conversation-messages.ts';
import type { StoredItem } from '../../../routes/responses/schemas/response-items.ts';

const said = (text: string): StoredItem =>
  ({ id: 'm', type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }) as StoredItem;
const call = (id: string): StoredItem =>
  ({ id, type: 'function_call', call_id: id, name: 'f', arguments: '{"a":1}' }) as StoredItem;
const result = (id: string): StoredItem =>
  ({ id: `of ${id}`, type: 'function_call_output', call_id: id, output: 'done' }) as StoredItem;

const called = (id: string): object => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: { a: 1 } },
});
const done = (id: string): object => ({ role: 'tool', tool_call_id: id, name: 'f', content: 'done' });

describe('the turns of a conversation of items', () => {
  it.each<[string, StoredItem[], object[]]>([
    [
      'text behind a call belongs to its turn, which the result follows',
      [said('Let me see. '), call('a'), said('Wait.'), call('b'), result('a'), result('b')],
      [
        { role: 'assistant', content: 'Let me see. Wait.', tool_calls: [called('a'), called('b')] },
        done('a'),
        done('b'),
      ],
    ],
    [
      'text behind a result is a turn of its own',
      [call('a'), result('a'), said('It is done.')],
      [
        { role: 'assistant', content: '', tool_calls: [called('a')] },
        done('a'),
        { role: 'assistant', content: 'It is done.' },
      ],
    ],
    [
      'two texts are two turns',
      [said('One.'), said('Two.')],
      [
        { role: 'assistant', content: 'One.' },
        { role: 'assistant', content: 'Two.' },
      ],
    ],
  ])('%s', (_, items, messages) => {
    expect(toConversationMessages(undefined, items, 0)).toEqual(messages);
  });
});
