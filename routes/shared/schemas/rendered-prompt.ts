import * as z from 'zod';

/** A prompt as the engine would get it, in vLLM's shape as far as routers read it. */
export const renderedPromptSchema = z
  .object({
    request_id: z.string(),
    model: z.string(),
    token_ids: z.array(z.int()).readonly(),
  })
  .meta({ id: 'RenderedPrompt' });

export type RenderedPrompt = z.output<typeof renderedPromptSchema>;
