import type { Caller } from '../engine/caller.ts';
import { encodePrompts } from '../engine/client/texts/encode-prompts.ts';
import { withinDeadline } from '../engine/client/queue/waits.ts';
import type { Engine } from '../engine/engine.ts';
import type { Conversation } from './generation-request.ts';
import { checkConversation, renderConversation } from './render-conversation.ts';

/**
 * The tokens of the prompt that `startGeneration` would make of a conversation. Nothing is computed, but the text waits for
 * the template and the tokenizer like a prompt: it takes a slot in the queue while it does.
 *
 * @param hasFormat the answer would have a format
 * @throws EngineError as `checkConversation`, and what `reserve`, the template and the tokenizer throw
 */
export async function countPromptTokens(
  engine: Engine,
  conversation: Conversation,
  { hasFormat, timeoutMs }: { readonly hasFormat: boolean; readonly timeoutMs: number },
  { clientId, gone }: Pick<Caller, 'clientId' | 'gone'>,
): Promise<number> {
  checkConversation(engine, conversation);
  const reservation = engine.reserve(1, clientId);
  return withinDeadline({ clientId, gone, timeoutMs }, async (textCaller) => {
    const { prompt } = await renderConversation(engine, conversation, hasFormat, textCaller);
    const texts = { prompts: [prompt], isRendered: true, n: 1, numKept: undefined, param: 'messages' };
    const [encoded] = await encodePrompts(engine, texts, reservation, textCaller);
    return encoded?.tokenIds.length ?? 0;
  }).finally(() => reservation.release());
}
