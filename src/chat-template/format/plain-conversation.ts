import { fieldOf } from '../../values.ts';
import type { ChatMessage, TemplateInput, TemplateTool } from '../renderer.ts';
import type { TemplateAbilities } from './detect-tool-use.ts';

export interface PlainOptions extends TemplateAbilities {
  /** A reply is to be wrapped, too: `{"response": …}`. */
  readonly wrapsReply: boolean;
}

/**
 * A conversation for a template that knows no tools, or not all of them: what it would refuse or leave out is put into
 * words. Tools are described in a system message, calls are the JSON that was asked for, results are a user's turn.
 */
export function toPlainConversation(input: TemplateInput, options: PlainOptions): TemplateInput {
  const { tools = [], ...rest } = input;
  const { listsTools, takesSystem } = options;
  const names = namesOfCalls(input.messages);
  const plain = input.messages.map((message) => toPlainMessage(message, names, options));
  const messages = joinTurns(plain, input.messages, options);
  if (listsTools || tools.length === 0) return { ...rest, tools, messages };
  const described = withInstructions(messages, describe(tools, options.wrapsReply));
  return { ...rest, messages: takesSystem ? described : withoutSystem(described) };
}

type Names = ReadonlyMap<unknown, unknown>;

/** A result names its call by id alone. */
function namesOfCalls(messages: readonly ChatMessage[]): Names {
  const calls = messages.flatMap(({ tool_calls: list }) => (Array.isArray(list) ? (list as unknown[]) : []));
  return new Map(calls.map((call) => [fieldOf(call, 'id'), fieldOf(fieldOf(call, 'function'), 'name')]));
}

function toPlainMessage(
  message: ChatMessage,
  names: Names,
  { writesCalls, writesResults }: PlainOptions,
): ChatMessage {
  const { tool_calls: calls, role, content } = message;
  if (role === 'tool' && !writesResults) {
    const name = message['name'] ?? names.get(message['tool_call_id']);
    return { role: 'user', content: describeResult(name, content) };
  }
  if (!Array.isArray(calls) || writesCalls) return message;
  const text = textOf(content);
  const plain: ChatMessage = {
    ...message,
    content: text === '' ? writeCalls(calls) : `${text}\n${writeCalls(calls)}`,
  };
  delete plain['tool_calls'];
  return plain;
}

/** Results of one turn, and the user's words after them, are one message: many templates want the roles to alternate. */
function joinTurns(
  messages: readonly ChatMessage[],
  given: readonly ChatMessage[],
  { writesResults }: PlainOptions,
): ChatMessage[] {
  const joined: ChatMessage[] = [];
  for (const [index, message] of messages.entries()) {
    const last = joined.at(-1);
    const followsResult = !writesResults && given[index - 1]?.role === 'tool' && message.role === 'user';
    if (followsResult && last !== undefined) {
      joined[joined.length - 1] = {
        ...last,
        content: `${textOf(last.content)}\n\n${textOf(message.content)}`,
      };
    } else {
      joined.push(message);
    }
  }
  return joined;
}

function withInstructions(messages: readonly ChatMessage[], instructions: string): ChatMessage[] {
  const [first, ...others] = messages;
  if (first === undefined || (first.role !== 'system' && first.role !== 'developer')) {
    return [{ role: 'system', content: instructions }, ...messages];
  }
  return [{ ...first, content: `${textOf(first.content)}\n\n${instructions}` }, ...others];
}

/** The system's words at the head of the first user's. */
function withoutSystem([system, first, ...others]: readonly ChatMessage[]): ChatMessage[] {
  if (system === undefined) return [];
  if (first?.role !== 'user')
    return [{ ...system, role: 'user' }, ...(first === undefined ? [] : [first]), ...others];
  return [{ ...first, content: `${textOf(system.content)}\n\n${textOf(first.content)}` }, ...others];
}

function describe(tools: readonly TemplateTool[], wrapsReply: boolean): string {
  const list = tools.map((tool) => JSON.stringify(tool.function)).join('\n');
  const reply = wrapsReply
    ? 'If you do not need a function, answer with a JSON object of this form instead:\n{"response": "your reply"}'
    : 'If you do not need a function, reply as usual.';
  return (
    `You can call these functions, each described by a JSON object with a JSON Schema of its parameters:\n${list}\n\n` +
    'To call functions, answer with a JSON object of this form and with nothing else:\n' +
    `{"tool_calls": [{"name": "the function's name", "arguments": {"a parameter": "its value"}}]}\n${reply}\n` +
    'The results of your calls are sent to you in the next message.'
  );
}

function writeCalls(calls: readonly unknown[]): string {
  const written = calls.map((call) => {
    const named = fieldOf(call, 'function');
    const args = fieldOf(named, 'arguments') ?? {};
    const name = JSON.stringify(fieldOf(named, 'name') ?? '');
    return `{"name": ${name}, "arguments": ${typeof args === 'string' ? args : JSON.stringify(args)}}`;
  });
  return `{"tool_calls": [${written.join(', ')}]}`;
}

const describeResult = (name: unknown, content: ChatMessage['content']): string =>
  `The result of ${typeof name === 'string' ? name : 'the function'}:\n${textOf(content)}`;

function textOf(content: ChatMessage['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text }) => text).join('\n');
}
