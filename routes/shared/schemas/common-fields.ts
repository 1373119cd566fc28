import * as z from 'zod';
import { nameSchema, textSchema, timeoutMsSchema } from './bounds.ts';

/** Fields that requests of several APIs have, and what the document says of them. */

const MAX_CACHE_SALT_LENGTH = 1024;

export const modelField = nameSchema
  .nullish()
  .meta({ id: 'ModelId', description: 'Id of the model that is served; may be left out.' });

export const timeoutField = timeoutMsSchema
  .nullish()
  .meta({ id: 'TimeoutMs', description: 'Longest the request may take, queueing included.' });

export const seedField = z
  .int()
  .nullish()
  .meta({ id: 'Seed', description: 'The same seed gives the same text whatever else is running.' });

/** vLLM's, but for whom it decides: there, it orders the requests of all clients. */
export const priorityField = z
  .int()
  .nullish()
  .meta({
    id: 'Priority',
    default: 0,
    description:
      'Of the requests of one client that wait, those of the lowest number start first. It changes no turn of another ' +
      'client, and nothing of what runs.',
  });

export const cacheSaltField = z
  .string()
  .min(1)
  .max(MAX_CACHE_SALT_LENGTH)
  .nullish()
  .meta({
    id: 'CacheSalt',
    description:
      'Prompts share keys and values only with those of the same salt, so that the time to the first token tells ' +
      'nothing about the prompts of others.',
  });

/** Of what only reads texts. */
export const promptUsageSchema = z
  .object({ prompt_tokens: z.int(), total_tokens: z.int() })
  .meta({ id: 'PromptUsage' });

/** It could not change the answer, whatever its value. */
export const ignored = z.unknown().optional().meta({ description: 'Ignored.' });

/** A part of a message, of a response or a decision. */
export const inputTextSchema = z
  .strictObject({ type: z.literal('input_text'), text: textSchema, prompt_cache_breakpoint: ignored })
  .meta({ id: 'InputText' });

export const refusalSchema = z
  .strictObject({ type: z.literal('refusal'), refusal: textSchema })
  .meta({ id: 'Refusal' });

/** It could change the answer. A client says by null that it does not want the thing. */
export const unsupported = z.null().optional().meta({ description: 'Not supported; only null is taken.' });

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
