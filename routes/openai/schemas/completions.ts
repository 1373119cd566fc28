import * as z from 'zod';
import { MAX_LOGPROBS } from '../../../src/sampling/sampling-params.ts';
import {
  boundedRecord,
  countSchema,
  MAX_INT32,
  metadataSchema,
  fittingCountSchema,
} from '../../shared/schemas/bounds.ts';
import { NO_TOKENS_RULE, ONE_FIT_RULE, STREAM_OPTIONS_RULE, withRules } from './field-rules.ts';
import { otherCompletionFields, otherFields } from './other-fields.ts';
import {
  cacheSaltField,
  ignored,
  modelField,
  priorityField,
  seedField,
  timeoutField,
  requestOptionsSchema,
} from '../../shared/schemas/common-fields.ts';
import { outputFormatFields } from './output-format.ts';
import { promptSchema } from '../../shared/schemas/prompt.ts';
import { unsupported } from '../../shared/schemas/unsupported-field.ts';
import { topPSchema } from '../../shared/schemas/top-p.ts';

const MAX_STOP_STRINGS = 4;
const MAX_STOP_LENGTH = 1000;
const MAX_STOP_TOKENS = 128;
/** OpenAI's. */
const MAX_LOGIT_BIAS = 300;

const stopString = z.string().min(1).max(MAX_STOP_LENGTH);

const repetitionPenalty = z.number().min(0.01).max(2).nullish();

/** `null` means the default throughout, as in OpenAI's API. Unknown fields are refused: a typo must not be silent. */
export const completionFieldsSchema = z.strictObject({
  model: modelField,
  prompt: promptSchema,
  max_tokens: z.int().min(-1).max(MAX_INT32).nullish().meta({
    default: 16,
    description: '0 only together with `echo`; -1: as many as the context has room for.',
  }),
  temperature: z.number().min(0).max(2).nullish().meta({ default: 1, description: '0 is greedy.' }),
  top_p: topPSchema.nullish().meta({ default: 1 }),
  top_k: z.int().min(-1).max(MAX_INT32).nullish().meta({ default: 0, description: '0 and -1 are off.' }),
  min_p: z.number().min(0).max(1).nullish().meta({ default: 0 }),
  n: z.int().min(1).max(128).nullish().meta({ default: 1, description: 'Completions for each prompt.' }),
  best_of: countSchema.nullish().meta({ description: 'Only as OpenAI sends it by default: equal to `n`.' }),
  seed: seedField,
  stop: z
    .union([stopString, z.array(stopString).max(MAX_STOP_STRINGS)], {
      error: `must be a string or up to ${MAX_STOP_STRINGS} strings, each of 1 to ${MAX_STOP_LENGTH} characters`,
    })
    .nullish()
    .meta({ id: 'StopStrings', description: 'Up to 4 strings; the text ends before the earliest.' }),
  stream: z.boolean().nullish().meta({ default: false }),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().nullish(),
      include_obfuscation: ignored,
      continuous_usage_stats: z.boolean().nullish().meta({
        default: false,
        description: 'With `include_usage`: every chunk has the usage up to there.',
      }),
      every_token: z.boolean().nullish().meta({
        default: false,
        description:
          'A frame for each token, as soon as it is drawn. Else tokens of short steps come together.',
      }),
    })
    .nullish()
    .meta({ id: 'StreamOptions', description: 'Only with `stream`.' }),
  logprobs: z.int().min(0).max(MAX_LOGPROBS).nullish().meta({ description: 'Alternatives for each token.' }),
  echo: z.boolean().nullish().meta({ default: false, description: 'The prompt comes first in the text.' }),
  logit_bias: boundedRecord(
    z.string().regex(/^\d{1,9}$/, 'must be named by token ids'),
    z.number().min(-100).max(100),
    MAX_LOGIT_BIAS,
  )
    .nullish()
    .meta({
      id: 'LogitBias',
      description: "Added to the logits of the token ids named, which are of the model's vocabulary.",
    }),
  frequency_penalty: z.number().min(-2).max(2).nullish().meta({ default: 0 }),
  presence_penalty: z.number().min(-2).max(2).nullish().meta({ default: 0 }),
  repetition_penalty: repetitionPenalty.meta({ default: 1 }),
  repeat_penalty: repetitionPenalty.meta({ description: 'Another name of `repetition_penalty`.' }),
  ignore_eos: z.boolean().nullish().meta({ default: false }),
  stop_token_ids: z.array(z.int().min(0).max(MAX_INT32)).max(MAX_STOP_TOKENS).nullish().meta({
    id: 'StopTokenIds',
    description: "Tokens of the model's vocabulary that end the text, beside the model's own.",
  }),
  include_stop_str_in_output: z
    .boolean()
    .nullish()
    .meta({ default: false, description: 'The text ends with the stop string that ended it.' }),
  skip_special_tokens: z
    .boolean()
    .nullish()
    .meta({ default: true, description: 'False: special tokens are part of the text.' }),
  add_special_tokens: z
    .boolean()
    .nullish()
    .meta({ default: true, description: "False: the tokenizer's begin-of-text is not put before a text." }),
  min_tokens: z
    .int()
    .min(0)
    .max(MAX_INT32)
    .nullish()
    .meta({ default: 0, description: 'At most `max_tokens`.' }),
  return_token_ids: z.boolean().nullish().meta({ description: 'Each choice then carries `token_ids`.' }),
  timeout_ms: timeoutField,
  truncate_prompt_tokens: fittingCountSchema.nullish().meta({
    id: 'TruncatePromptTokens',
    description: 'Keep only so many tokens from the end of each prompt; -1: as many as fit.',
  }),
  cache_salt: cacheSaltField,
  priority: priorityField,
  options: requestOptionsSchema,
  suffix: unsupported([''], 'a completion is not told what follows it'),
  metadata: metadataSchema.nullish().meta({ id: 'IgnoredMetadata', description: 'Ignored.' }),
  ...outputFormatFields,
  ...otherFields,
  ...otherCompletionFields,
});

export const completionRequestSchema = withRules(completionFieldsSchema, 'CompletionRequest', [
  STREAM_OPTIONS_RULE,
  NO_TOKENS_RULE,
  ONE_FIT_RULE,
]);

export type CompletionInput = z.output<typeof completionRequestSchema>;

export const usageSchema = z
  .object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    prompt_tokens_details: z.object({ cached_tokens: z.int() }),
    completion_tokens_details: z
      .object({ reasoning_tokens: z.int() })
      .optional()
      .meta({ description: 'Of a chat whose model reasoned before it answered.' }),
  })
  .meta({ id: 'Usage' });

const logprobsSchema = z
  .object({
    tokens: z.array(z.string()),
    token_logprobs: z.array(z.number().nullable()),
    top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
    text_offset: z
      .array(z.int())
      .meta({ description: 'Characters (code points) of the text before each token.' }),
  })
  .meta({ id: 'Logprobs' });

/** Of a choice of a completion or a chat. */
export const anyChoiceFields = {
  index: z.int(),
  token_ids: z.array(z.int()).optional(),
  truncated: z.literal(true).optional().meta({ description: 'The prompt was cut, as the request allowed.' }),
  dropped_tokens: z
    .int()
    .meta({
      id: 'DroppedTokens',
      description:
        'Tokens cut from the start of the prompt; absent where the start of a long text was not even tokenised.',
    })
    .optional(),
};

const choiceFields = { ...anyChoiceFields, text: z.string(), logprobs: logprobsSchema.nullable() };

export const finishReasonSchema = z.enum(['stop', 'length', 'abort']).meta({
  id: 'FinishReason',
  description: '`abort`: cancelled by DELETE /v1/requests/{id} or by shutdown.',
});

const fingerprintSchema = z.string().meta({
  id: 'SystemFingerprint',
  description:
    'The same as long as model, runtime, number formats and version are: then a seed gives the same text.',
});

/** Of a completion or a chat, and of their chunks. */
export const bodyFields = {
  id: z.string(),
  created: z.int(),
  model: z.string(),
  system_fingerprint: fingerprintSchema,
};

export const chunkUsageSchema = usageSchema.nullable().optional().meta({
  description:
    'With `include_usage`: null but in the last chunk, which has no choices, unless `continuous_usage_stats` is set.',
});

const completionFields = { ...bodyFields, object: z.literal('text_completion') };

export const completionResponseSchema = z
  .object({
    ...completionFields,
    choices: z.array(z.object({ ...choiceFields, finish_reason: finishReasonSchema })),
    usage: usageSchema,
  })
  .meta({ id: 'Completion' });

export type CompletionBody = z.output<typeof completionResponseSchema>;

/** What each `data:` line of a stream holds, apart from `[DONE]` and an error. */
export const completionChunkSchema = z
  .object({
    ...completionFields,
    choices: z.array(z.object({ ...choiceFields, finish_reason: finishReasonSchema.nullable() })),
    usage: chunkUsageSchema,
  })
  .meta({ id: 'CompletionChunk' });

export type CompletionChunk = z.output<typeof completionChunkSchema>;
export type LogprobsBody = z.output<typeof logprobsSchema>;
export type UsageBody = z.output<typeof usageSchema>;
