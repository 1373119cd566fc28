import type { Engine } from '../engine.ts';
import { EngineError } from '../../errors.ts';
import type { ChatTemplate, TextCaller } from '../../text/chat-template.ts';
import { reservePlaces } from './reserve-places.ts';
import { admit, type Caller, type CompletionDemand, type StartedCompletion } from './start-completion.ts';
import { withinDeadline } from './within-deadline.ts';

/** A small model that chats, for the message to a client of one that does not. */
const CHAT_MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';

/** What a chat route wants of the engine, apart from its one prompt, which is what the model's template makes. */
type ChatDemand = Omit<CompletionDemand, 'prompts' | 'promptField' | 'isRendered'>;

/** The prompt of a chat, and what of its demand depends on the model's template. */
export type RenderedChat = { prompt: string } & Partial<
  Pick<CompletionDemand, 'stop' | 'shownTokenIds' | 'grammar' | 'reasoningSpan'>
>;

/**
 * Starts the completion of a chat. Its places in the queue are taken before the template runs, so that as many
 * conversations wait for it as the queue holds, and no more.
 *
 * @throws EngineError `invalid_request` where the model has no template, or its template refuses the messages;
 * `weights_invalid` where the template is broken; whatever `startCompletion` throws
 */
export async function startRenderedChat(
  engine: Engine,
  demand: ChatDemand,
  caller: Caller,
  render: (chatTemplate: ChatTemplate, textCaller: TextCaller) => Promise<RenderedChat>,
): Promise<StartedCompletion> {
  const { chatTemplate } = engine.tokenizer;
  if (chatTemplate === undefined) {
    throw new EngineError(
      'invalid_request',
      `the model '${engine.model.id}' has no chat template, so it cannot chat: pull one that can ` +
        `(tokenflare pull ${CHAT_MODEL}), start with CHAT_TEMPLATE=builtin, or send a text as prompt to ` +
        '/v1/completions or /ai/run/{model}',
      { param: 'messages' },
    );
  }
  const reservation = reservePlaces(engine, demand, demand.n, caller.clientId);
  const { clientId, gone } = caller;
  return withinDeadline({ gone, timeoutMs: demand.timeoutMs }, async (signal) => {
    const { prompt, ...chat } = await render(chatTemplate, { clientId, signal });
    const stop = [...(chat.stop ?? demand.stop), ...chatTemplate.stopStrings];
    const rendered = {
      ...demand,
      ...chat,
      stop,
      prompts: [prompt],
      promptField: 'messages' as const,
      isRendered: true,
    };
    // One deadline for both: its signal says when time is over.
    return admit(engine, rendered, { ...caller, gone: signal }, reservation);
  }).finally(() => reservation.release());
}
