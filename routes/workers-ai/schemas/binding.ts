import * as z from 'zod';
import { jsonObjectSchema } from '../../shared/schemas/json-object.ts';

/** Has the id of the model. */
export const MODEL_HEADER = 'cf-consn-model-id';

/** What `env.AI.run(model, inputs, options)` sends. Options that say nothing here are Cloudflare's, or of later versions. */
export const bindingRequestSchema = z
  .strictObject({
    inputs: jsonObjectSchema.meta({
      description:
        'Any JSON object that `POST /ai/run/{model}` takes: WorkersAiRequest, WorkersAiEmbeddingRequest and the like.',
    }),
    options: z
      .looseObject({
        queueRequest: z
          .boolean()
          .optional()
          .meta({ description: 'True: `inputs` is a batch job (WorkersAiBatchRequest).' }),
      })
      .optional()
      .meta({ description: "Any JSON object with options of Cloudflare's." }),
  })
  .meta({ id: 'WorkersBindingRequest' });
