import type { Completion, Engine } from '../engine/engine.ts';
import { startChat } from '../engine/client/start-chat.ts';
import type { Caller } from '../engine/client/start-completion.ts';
import { assertInvariant } from '../errors.ts';
import type { AnswerDemand, AnswerEvent, StartedAnswer } from './answer.ts';

/**
 * Renders a conversation by the model's template, starts its completion, and reads reasoning, content and tool calls out
 * of what the model writes.
 *
 * @throws EngineError as `startChat`
 */
export async function startAnswer(
  engine: Engine,
  demand: AnswerDemand,
  caller: Caller,
): Promise<StartedAnswer> {
  const { completion, prompts } = await startChat(engine, demand, caller);
  const [prompt] = prompts;
  assertInvariant(prompt !== undefined, 'a conversation is rendered as one prompt');
  return { completion, events: readAnswer(completion), prompt, demand };
}

async function* readAnswer(completion: Completion): AsyncGenerator<AnswerEvent> {
  for await (const event of completion) {
    if (event.type === 'delta') {
      const { index, text, tokens } = event;
      yield { type: 'content', index, text, tokens };
    } else if (event.type === 'finish' && event.finishReason !== 'error') {
      const { index, finishReason, stopString } = event;
      yield {
        type: 'finish',
        index,
        finish: finishReason,
        ...(stopString === undefined ? {} : { stopString }),
      };
    }
  }
}
