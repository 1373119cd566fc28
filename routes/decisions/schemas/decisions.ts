import * as z from 'zod';
import type { Question } from '../../../src/decisions/question.ts';
import {
  meanIndex,
  type OptionReading,
  type DecisionRequest,
} from '../../../src/decisions/start-decision.ts';
import type { Usage } from '../../../src/engine/engine.ts';
import { invalidField } from '../../../src/errors.ts';
import { boundedList } from '../../shared/schemas/lists.ts';
import { nameSchema, textSchema } from '../../shared/schemas/bounds.ts';
import { ignored, modelField, timeoutField } from '../../shared/schemas/common-fields.ts';
import { taggedUnion } from '../../shared/schemas/tagged-union.ts';
import { decisionInputSchema, instructionsSchema, textOf, toOpenConversation } from './decision-input.ts';

/** OpenAI's. */
const MAX_QUESTIONS = 400;
const MAX_CHOICES = 255;
const MAX_LEVELS = 10;

const descriptionSchema = textSchema.optional();
const questionFields = { instructions: instructionsSchema, name: nameSchema.optional() };
const choiceValueSchema = z
  .union([textSchema, z.boolean()])
  .meta({ description: 'A text and a boolean of the same letters are two values.' });

const predicateSchema = z
  .strictObject({ type: z.literal('predicate'), ...questionFields })
  .meta({ description: 'Whether something is true.' });
const choiceSchema = z
  .strictObject({
    type: z.literal('choice'),
    ...questionFields,
    choices: boundedList(
      z.strictObject({ value: choiceValueSchema, description: descriptionSchema }),
      MAX_CHOICES,
    )
      .refine(({ length }) => length >= 2, 'must have at least 2 entries')
      .meta({
        minItems: 2,
        description:
          'Each has a label that is one token for the model: a letter, for most models. More than it has labels for, 26 ' +
          'for most, are refused.',
      }),
  })
  .meta({ description: 'Which of several values.' });
const scoreSchema = z
  .strictObject({
    type: z.literal('score'),
    ...questionFields,
    levels: boundedList(z.strictObject({ label: textSchema, description: descriptionSchema }), MAX_LEVELS)
      .refine(({ length }) => length >= 2, 'must have at least 2 entries')
      .meta({ minItems: 2, description: 'The lowest first.' }),
  })
  .meta({ description: 'Where on a scale of levels.' });

const questionSchema = taggedUnion(
  ['predicate', 'choice', 'score'],
  [predicateSchema, choiceSchema, scoreSchema],
  'these are the questions of a decision',
).meta({ id: 'DecisionQuestion' });

/** OpenAI's request for decisions. */
export const decisionRequestSchema = z
  .strictObject({
    model: modelField,
    input: decisionInputSchema,
    questions: boundedList(questionSchema, MAX_QUESTIONS)
      .refine(({ length }) => length >= 1, 'must have at least 1 entries')
      .meta({
        minItems: 1,
        description: 'Each is answered by itself: no answer depends on another question.',
      }),
    prompt_cache_key: nameSchema
      .min(1)
      .nullish()
      .meta({ description: 'Divides the prefix cache, as `cache_salt` of a completion does.' }),
    prompt_cache_options: ignored,
    safety_identifier: ignored,
    timeout_ms: timeoutField,
  })
  .meta({ id: 'DecisionRequest' });

export type DecisionRequestInput = z.output<typeof decisionRequestSchema>;

const answerName = z.string().nullable().meta({ description: "The question's; null if it has none." });
const probabilitySchema = z.number().min(0).max(1);
const confidenceSchema = probabilitySchema.meta({
  description:
    "The probability of the most probable option's label among all tokens of the vocabulary: small where the model would " +
    'rather have written something else.',
});

const answerSchema = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('predicate'),
      name: answerName,
      probability: probabilitySchema.meta({ description: 'Of yes; that of no is what is left to 1.' }),
    }),
    z.object({
      type: z.literal('choice'),
      name: answerName,
      choice: choiceValueSchema.meta({ description: 'The most probable value, the first of equals.' }),
      confidence: confidenceSchema,
      probabilities: z
        .array(z.object({ value: choiceValueSchema, probability: probabilitySchema }))
        .meta({ description: 'In the order of the choices; together they are 1.' }),
    }),
    z.object({
      type: z.literal('score'),
      name: answerName,
      score: z
        .number()
        .meta({ description: "The mean of the levels' indices, from 0, by their probabilities." }),
      confidence: confidenceSchema,
      probabilities: z
        .array(z.object({ label: z.string(), value: z.int(), probability: probabilitySchema }))
        .meta({ description: 'In the order of the levels; `value` is the index. Together they are 1.' }),
    }),
    z.object({
      type: z.literal('refusal').meta({ description: 'The model gives no option any probability.' }),
      name: answerName,
    }),
  ])
  .meta({ id: 'DecisionAnswer' });

export const decisionResponseSchema = z
  .object({
    answers: z.array(answerSchema).meta({ description: 'In the order of the questions.' }),
    model: z.string(),
    usage: z.object({
      input_tokens: z
        .int()
        .meta({ description: 'Each question counts with all of the input before it, cached or not.' }),
      input_tokens_details: z.object({
        cached_tokens: z.int().meta({ description: 'Of these, those that were not computed again.' }),
        cache_write_tokens: z.literal(0).meta({ description: 'The cache keeps prompts by itself.' }),
      }),
      output_tokens: z.literal(0).meta({ description: 'Nothing is generated.' }),
      output_tokens_details: z.object({ reasoning_tokens: z.literal(0) }),
      total_tokens: z.int(),
    }),
  })
  .meta({ id: 'DecisionResponse' });

export type DecisionBody = z.output<typeof decisionResponseSchema>;
type QuestionInput = DecisionRequestInput['questions'][number];
type AnswerBody = z.output<typeof answerSchema>;

/** @throws EngineError `invalid_request` where fields contradict each other */
export function toDecisionRequest(input: DecisionRequestInput, timeoutMs: number): DecisionRequest {
  return {
    conversation: toOpenConversation(input.input),
    param: 'input',
    questions: input.questions.map((question, index) => toQuestion(question, `questions[${index}]`)),
    timeoutMs,
    cacheSalt: input.prompt_cache_key ?? undefined,
  };
}

function toQuestion(question: QuestionInput, param: string): Question {
  const instructions = textOf(question.instructions);
  if (question.type === 'predicate') return { type: 'predicate', instructions, param };
  if (question.type === 'score') {
    const options = question.levels.map(({ label, description }) => ({ text: label, description }));
    return { type: 'score', instructions, options, param };
  }
  const values = question.choices.map(({ value }) => value);
  const repeated = values.findIndex((value, index) => values.indexOf(value) < index);
  if (repeated !== -1) throw invalidField(`${param}.choices[${repeated}].value`, 'is there before');
  const options = question.choices.map(({ value, description }) => ({ text: String(value), description }));
  return { type: 'choice', instructions, options, param };
}

/** @param readings of each question; undefined where the model prefers no option */
export function toDecisionBody(
  model: string,
  questions: readonly QuestionInput[],
  readings: readonly (OptionReading | undefined)[],
  { numPromptTokens, numCachedTokens }: Usage,
): DecisionBody {
  return {
    answers: questions.map((question, index) => toAnswer(question, readings[index])),
    model,
    usage: {
      input_tokens: numPromptTokens,
      input_tokens_details: { cached_tokens: numCachedTokens, cache_write_tokens: 0 },
      output_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: numPromptTokens,
    },
  };
}

function toAnswer(question: QuestionInput, reading: OptionReading | undefined): AnswerBody {
  const name = question.name ?? null;
  if (reading === undefined) return { type: 'refusal', name };
  const { probabilities, winner, confidence } = reading;
  const probabilityOf = (index: number): number => probabilities[index] ?? 0;
  switch (question.type) {
    case 'predicate':
      return { type: 'predicate', name, probability: probabilityOf(0) };
    case 'choice':
      return {
        type: 'choice',
        name,
        choice: question.choices[winner]?.value ?? '',
        confidence,
        probabilities: question.choices.map(({ value }, index) => ({
          value,
          probability: probabilityOf(index),
        })),
      };
    case 'score':
      return {
        type: 'score',
        name,
        score: meanIndex(reading),
        confidence,
        probabilities: question.levels.map(({ label }, index) => ({
          label,
          value: index,
          probability: probabilityOf(index),
        })),
      };
  }
}
