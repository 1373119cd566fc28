import type { ChatMessage } from './chat-message.ts';

/**
 * The same conversation for a template that refuses more than one call in a turn, as Llama's do: a turn for each call,
 * with its result behind it. The model may have written several all the same, and the conversation is to go on.
 */
export function toOneCallTurns(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index];
    if (message === undefined) break;
    const calls: unknown = message['tool_calls'];
    if (!Array.isArray(calls) || calls.length < 2) {
      turns.push(message);
      continue;
    }
    const end = messages.findIndex(({ role }, at) => at > index && role !== 'tool');
    const results = messages.slice(index + 1, end === -1 ? messages.length : end);
    turns.push(...splitTurn(message, calls, results));
    index += results.length;
  }
  return turns;
}

function splitTurn(
  message: ChatMessage,
  calls: readonly unknown[],
  results: readonly ChatMessage[],
): ChatMessage[] {
  const open = [...results];
  const split = calls.flatMap((call, place): ChatMessage[] => {
    // What was said and thought came before the first call.
    const turn: ChatMessage = place === 0 ? message : { role: message.role, content: '' };
    // A result that names no call is that of the next one.
    const at = open.findIndex(({ tool_call_id: id }) => id === undefined || id === idOf(call));
    return [{ ...turn, tool_calls: [call] }, ...(at === -1 ? [] : open.splice(at, 1))];
  });
  return [...split, ...open];
}

const idOf = (call: unknown): unknown =>
  typeof call === 'object' && call !== null && 'id' in call ? call.id : undefined;
