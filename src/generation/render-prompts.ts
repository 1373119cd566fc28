import type { Caller } from '../engine/caller.ts';
import { checkLeastPromptLength } from '../engine/check-input.ts';
import { withinDeadline } from '../engine/client/queue/waits.ts';
import type { Engine } from '../engine/engine.ts';
import { type GenerationRequest, isConversation } from './generation-request.ts';
import { numPromptsOf, preparePrompts } from './prepare-prompts.ts';
import { checkConversation } from './render-conversation.ts';

/**
 * The token ids of the prompts that `startGeneration` would compute. Nothing is computed, but the texts wait for the
 * template and the tokenizer as those do: each prompt takes a slot in the queue while it does.
 *
 * @throws EngineError what `startGeneration` throws before the engine has the request
 */
export async function renderPrompts(
  engine: Engine,
  request: GenerationRequest,
  { clientId, gone }: Pick<Caller, 'clientId' | 'gone'>,
): Promise<(readonly number[])[]> {
  const { input, params } = request;
  if (isConversation(input)) checkConversation(engine, input);
  const reservation = engine.reserve(numPromptsOf(request), clientId);
  return withinDeadline({ clientId, gone, timeoutMs: params.timeoutMs }, async (textCaller) => {
    const one = { ...request, params: { ...params, n: 1 } };
    const { plan, prompts, maxTokens } = await preparePrompts(engine, one, reservation, textCaller);
    return prompts.map(({ tokenIds }) => {
      const length = { minNumTokens: tokenIds.length, maxTokens };
      checkLeastPromptLength(length, engine.model, plan.param);
      return tokenIds;
    });
  }).finally(() => reservation.release());
}
