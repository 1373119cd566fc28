import type { Engine } from '../engine/engine.ts';
import { encodePrompts } from '../engine/client/encode-prompts.ts';
import type { Caller } from '../engine/client/start-completion.ts';
import { withinDeadline } from '../engine/client/within-deadline.ts';
import { EngineError } from '../errors.ts';
import { checkTemplateArguments } from '../text/template-arguments.ts';
import type { AnswerDemand } from './answer.ts';
import { offeredTools, planAnswer } from './plan-answer.ts';

/**
 * The tokens of the prompt that `startAnswer` would make of a demand. Nothing is computed, but the text waits for the
 * template and the tokenizer like a prompt: it takes a place in the queue while it does.
 *
 * @throws EngineError `invalid_request` where the model has no template, or its template refuses the messages; whatever
 * `reserve`, the template and the tokenizer throw
 */
export async function countPromptTokens(
  engine: Engine,
  demand: AnswerDemand,
  { clientId, gone }: Pick<Caller, 'clientId' | 'gone'>,
): Promise<number> {
  const { chatTemplate } = engine.tokenizer;
  if (chatTemplate === undefined) {
    throw new EngineError('invalid_request', `the model '${engine.model.id}' has no chat template`, {
      param: 'messages',
    });
  }
  checkTemplateArguments(demand.templateArguments);
  const tools = offeredTools(demand);
  const reservation = engine.reserve(1, clientId);
  const { timeoutMs } = demand;
  return withinDeadline({ gone, timeoutMs }, async (signal) => {
    const textCaller = { clientId, signal };
    const { prompt } = await planAnswer({ demand, tools, template: chatTemplate, textCaller });
    const [encoded] = await encodePrompts(
      engine,
      { prompts: [prompt], n: 1, numKept: undefined, param: 'messages', isRendered: true },
      reservation,
      { gone: signal, timeoutMs },
    );
    return encoded?.tokenIds.length ?? 0;
  }).finally(() => reservation.release());
}
