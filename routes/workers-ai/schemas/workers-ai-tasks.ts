import * as z from 'zod';
import { EngineError, invalidField } from '../../../src/errors.ts';
import {
  countSchema,
  MAX_MESSAGES,
  MAX_TEXT_LENGTH,
  nameSchema,
  textSchema,
} from '../../shared/schemas/bounds.ts';
import type { WorkersAiResult } from './workers-ai-answer.ts';
import type { WorkersAiInput } from './workers-ai.ts';

/**
 * Cloudflare's tasks that its models were made for and those here were not: a summary and a translation are written by a
 * model that is asked for them, and classifiers answer by questions (src/decisions).
 */

const taskText = z.string().min(1).max(MAX_TEXT_LENGTH);

export const summaryRequestSchema = z
  .strictObject({
    input_text: taskText,
    max_length: countSchema.nullish().meta({ description: 'Most tokens of the summary.' }),
  })
  .meta({ id: 'WorkersAiSummaryRequest', description: 'The model is asked for a summary by a prompt.' });

export const translationRequestSchema = z
  .strictObject({
    text: z
      .union([taskText, z.array(taskText).length(1)], { error: 'must be a text, or a list of one' })
      .meta({ description: 'Of several, each is a request of its own.' }),
    source_lang: nameSchema.min(1).nullish().meta({ default: 'en' }),
    target_lang: nameSchema.min(1).nullish().meta({ description: 'A code or an English name.' }),
    target_language: nameSchema
      .min(1)
      .nullish()
      .meta({ description: 'In place of `target_lang`, such as `hin_Deva`; the answer has `translations`.' }),
  })
  .meta({
    id: 'WorkersAiTranslationRequest',
    description: 'The model is asked for a translation by a prompt.',
  });

export const classificationRequestSchema = z.strictObject({ text: taskText }).meta({
  id: 'WorkersAiClassificationRequest',
  description: 'The model is asked which of the labels is right. It takes an id that has labels.',
});

export const guardRequestSchema = z
  .strictObject({
    messages: z
      .array(z.strictObject({ role: z.enum(['user', 'assistant']), content: textSchema }))
      .min(1)
      .max(MAX_MESSAGES),
    max_tokens: countSchema.nullish().meta({ description: 'Of a model that was made to judge.' }),
    temperature: z
      .number()
      .min(0)
      .max(5)
      .nullish()
      .meta({ description: 'Without effect: nothing is drawn.' }),
    response_format: z
      .strictObject({ type: nameSchema.nullish() })
      .nullish()
      .meta({ description: 'With `json_object` the verdict is an object.' }),
  })
  .meta({
    id: 'WorkersAiGuardRequest',
    description:
      'A model whose chat template is that of a guard judges; another is asked for the hazard. It takes an id of a guard.',
  });

export const summaryResultSchema = z.object({ summary: z.string() }).meta({ id: 'WorkersAiSummaryResult' });

export const translationResultSchema = z
  .object({ translated_text: z.string().optional(), translations: z.array(z.string()).optional() })
  .meta({ id: 'WorkersAiTranslationResult' });

export const classificationResultSchema = z
  .array(z.object({ label: z.string(), score: z.number().min(0).max(1) }))
  .meta({ id: 'WorkersAiClassificationResult' });

export const guardResultSchema = z
  .object({
    response: z
      .union([z.string(), z.object({ safe: z.boolean(), categories: z.array(z.string()) })])
      .meta({ description: '`safe`, or `unsafe` and a line of hazards; with `json_object` an object.' }),
    usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }),
  })
  .meta({ id: 'WorkersAiGuardResult' });

export type SummaryInput = z.output<typeof summaryRequestSchema>;
export type TranslationInput = z.output<typeof translationRequestSchema>;
export type ClassificationInput = z.output<typeof classificationRequestSchema>;
export type GuardInput = z.output<typeof guardRequestSchema>;
type GuardResult = z.output<typeof guardResultSchema>;

/** A task that a prompt asks a model for. */
export interface PromptedTask {
  readonly input: WorkersAiInput;
  /** Most tokens where the client says nothing of them; fewer where the context has no room for them. */
  readonly defaultMaxTokens: number;
  /** @throws EngineError `output_incomplete` for a text that was cut where that cannot be meant */
  readonly toResult: (result: WorkersAiResult) => object;
}

const MAX_SUMMARY_TOKENS = 1024;
const MAX_TRANSLATION_TOKENS = 4096;

/** Greedy, since there is one best answer, and without reasoning before it. */
const asked = (prompt: string, maxTokens: number | null | undefined): WorkersAiInput => ({
  prompt,
  max_tokens: maxTokens,
  temperature: 0,
  reasoning_effort: null,
});

const textOf = ({ response }: WorkersAiResult): string =>
  typeof response === 'string' ? response.trim() : '';

export const toSummary = ({ input_text: text, max_length: maxTokens }: SummaryInput): PromptedTask => ({
  input: asked(
    `Summarize the text between the lines in a few sentences. Reply with the summary only.\n---\n${text}\n---\nSummary:`,
    maxTokens,
  ),
  defaultMaxTokens: MAX_SUMMARY_TOKENS,
  toResult: (result) => ({ summary: textOf(result) }),
});

/** @throws EngineError `invalid_request` unless one language is named to translate to */
export function toTranslation(input: TranslationInput): PromptedTask {
  const { text, source_lang: source, target_lang: code, target_language: longCode } = input;
  const target = code ?? longCode;
  if (typeof target !== 'string') throw invalidField('target_lang', 'is required');
  if (typeof code === 'string' && typeof longCode === 'string') {
    throw invalidField('target_language', 'is another name of target_lang; send one of them');
  }
  const [from, to] = [languageName(source ?? 'en'), languageName(target)];
  const prompt =
    `Translate the text between the lines from ${from} to ${to}. Reply with the translation only.\n---\n` +
    `${typeof text === 'string' ? text : text.join('\n')}\n---\n${to}:`;
  return {
    input: asked(prompt, undefined),
    defaultMaxTokens: MAX_TRANSLATION_TOKENS,
    toResult: (result) => {
      if (result.finish_reason === 'length') {
        throw new EngineError(
          'output_incomplete',
          'the translation did not come to its end; send less text',
          {
            param: 'text',
          },
        );
      }
      const translated = textOf(result);
      return typeof code === 'string' ? { translated_text: translated } : { translations: [translated] };
    },
  };
}

/** The words of a guard: `safe`, or `unsafe` and a line of hazards. */
export function toGuardResult(
  words: string,
  { response_format: format }: GuardInput,
  usage: GuardResult['usage'],
): GuardResult {
  if (format?.type !== 'json_object') return { response: words, usage };
  const [verdict, hazards = ''] = words.split('\n');
  const categories = hazards.split(',').filter((hazard) => hazard !== '');
  return { response: { safe: verdict === 'safe', categories }, usage };
}

const MAX_VERDICT_TOKENS = 64;

/** The conversation as it is: the chat template of a guard asks for the verdict. */
export const toSpokenGuard = (input: GuardInput): PromptedTask => ({
  input: { messages: input.messages, max_tokens: input.max_tokens, temperature: 0 },
  defaultMaxTokens: MAX_VERDICT_TOKENS,
  toResult: (result) => {
    const { prompt_tokens, completion_tokens, total_tokens } = result.usage;
    return toGuardResult(textOf(result), input, { prompt_tokens, completion_tokens, total_tokens });
  },
});

const LANGUAGES = new Intl.DisplayNames(['en'], { type: 'language' });

/** `es` and `spa_Latn` in English; what is no code, such as `spanish`, as it is. */
function languageName(name: string): string {
  try {
    return LANGUAGES.of(name.replaceAll('_', '-')) ?? name;
  } catch {
    return name;
  }
}
