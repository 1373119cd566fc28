import { z } from 'zod';

/** Cloudflare's options of a request, on its own routes and on OpenAI's. */
export const requestOptionsSchema = z
  .strictObject({
    rejectIfBusy: z.boolean().nullish().meta({
      default: false,
      description: 'Refuse with 429 what could not start at once (code 3040 in the envelope of Workers AI).',
    }),
  })
  .nullish()
  .meta({ id: 'RequestOptions' });
