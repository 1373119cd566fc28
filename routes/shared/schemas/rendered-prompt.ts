import * as z from 'zod';

/** A prompt as the engine would get it, in vLLM's shape as far as routers read it. */
export const renderedPromptSchema = z
  .object({
    request_id: z.string(),
    model: z.string(),
    token_ids: z.array(z.int()).readonly(),
  })
  .meta({ id: 'RenderedPrompt' });

export const toRenderedPrompt = (
  id: string,
  model: string,
  tokenIds: readonly number[] = [],
): z.output<typeof renderedPromptSchema> => ({ request_id: id, model, token_ids: tokenIds });
