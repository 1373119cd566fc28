import { describe, expect, it } from 'vitest';
import { Conversation } from '../../../src/cli/talk/conversation.ts';
import { CHAT_COMMANDS, parseLine } from '../../../src/cli/talk/read-input.ts';

describe('Conversation', () => {
  it('asks with what was said before, behind the system message', () => {
    const conversation = new Conversation('be brief');
    conversation.answered('one?', 'two');
    expect(conversation.asking('three?')).toEqual([
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'one?' },
      { role: 'assistant', content: 'two' },
      { role: 'user', content: 'three?' },
    ]);
    // A question that was never answered is no part of it.
    expect(conversation.asking('four?').at(-2)).toEqual({ role: 'assistant', content: 'two' });
  });

  it('takes the last question back, and forgets all', () => {
    const conversation = new Conversation();
    expect(conversation.takeBack()).toBeUndefined();
    conversation.answered('one?', 'two');
    conversation.answered('three?', 'four');
    expect(conversation.takeBack()).toBe('three?');
    expect(conversation.asking('x')).toHaveLength(3);
    conversation.system = 'be brief';
    conversation.reset();
    expect(conversation.asking('x').map(({ role }) => role)).toEqual(['system', 'user']);
    conversation.system = undefined;
    expect(conversation.asking('x')).toEqual([{ role: 'user', content: 'x' }]);
  });
});

describe('parseLine', () => {
  it.each([
    ['Who are you?', { kind: 'say', text: 'Who are you?' }],
    ['  indented', { kind: 'say', text: '  indented' }],
    ['//etc is a folder', { kind: 'say', text: '/etc is a folder' }],
    ['', { kind: 'nothing' }],
    ['   ', { kind: 'nothing' }],
    ['/help', { kind: 'help' }],
    ['/bye', { kind: 'leave' }],
    ['/system', { kind: 'system', text: '' }],
    ['/system  Answer in  verse. ', { kind: 'system', text: 'Answer in  verse.' }],
    ['/systems', { kind: 'unknown', name: '/systems' }],
    ['/', { kind: 'unknown', name: '/' }],
  ])('%j', (line, input) => {
    expect(parseLine(line)).toEqual(input);
  });

  it.each(CHAT_COMMANDS)('knows %s of the help', (usage) => {
    expect(parseLine(usage).kind).not.toBe('unknown');
  });
});
