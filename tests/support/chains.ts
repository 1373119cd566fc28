/** A text that the model of chains (chain-model.ts) says. */
export interface Chain {
  readonly name: string;
  readonly text: string;
  /** Begins anew where it ends. */
  readonly isEndless?: boolean;
  /** A user's message that has this word begins the chain. */
  readonly word?: string;
  /** A tool of this name begins the chain; `text` is the call. */
  readonly tool?: string;
}

/** Ends a prompt. It begins with no tag, so that the format of tool calls is found as of other templates. */
export const startToken = (name: string): string => `[chain:${name}]`;

const toCall = (tool: string, args: object): Chain => ({
  name: `call_${tool}`,
  tool,
  text: `<tool_call>\n{"name": "${tool}", "arguments": ${JSON.stringify(args)}}\n</tool_call>`,
});

/** What the model says, and in which case; the first chain is the answer to everything else. */
export const CHAINS: readonly Chain[] = [
  { name: 'plain', text: 'The tower is 324 metres high.' },
  { name: 'final', text: 'It is 21 degrees in Paris, and 2 + 3 makes 5.' },
  { name: 'thought', text: '<think>\nTwo and two.\n</think>\n\nFour it is.', word: 'think' },
  { name: 'object', text: '{"name":"Ada","age":36}', word: 'JSON' },
  { name: 'endless', text: ' one potato, two potatoes, three more,', word: 'count', isEndless: true },
  toCall('get_weather', { city: 'Paris' }),
  toCall('add', { a: 2, b: 3 }),
  toCall('extract', { name: 'Ada', age: 36 }),
];
