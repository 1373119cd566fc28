import * as z from 'zod';
import type { Question, QuestionOption } from '../../../src/decisions/question.ts';
import {
  meanIndex,
  type DecisionRequest,
  type OptionReading,
} from '../../../src/decisions/start-decision.ts';
import type { Usage } from '../../../src/engine/engine.ts';
import { boundedRecord, nameSchema, textSchema } from '../../shared/schemas/bounds.ts';
import { jsonObjectSchema } from '../../shared/schemas/json-object.ts';
import { boundedList } from '../../shared/schemas/lists.ts';
import { modelField, timeoutField } from '../../shared/schemas/common-fields.ts';
import { taggedUnion } from '../../shared/schemas/tagged-union.ts';

/**
 * System One, the wire of decision models such as Cloudflare's Clef: a state, and questions by their names. It asks what
 * OpenAI's decisions ask, in other words, and the same engine answers.
 */

/** Clef's. */
const MAX_QUESTIONS = 64;
const MAX_CHOICES = 255;
const MAX_LEVELS = 10;

/** A text as it is; of an object or a list the model reads the JSON text. */
const contentSchema = z
  .union([textSchema, jsonObjectSchema, z.array(z.unknown()).meta({ description: 'Any JSON list.' })], {
    error: 'must be a text, an object or a list',
  })
  .meta({
    id: 'SystemOneContent',
    description: 'A text, or any JSON object or list, whose JSON text the model reads.',
  });
type Content = z.output<typeof contentSchema>;

const noulSchema = z
  .strictObject({
    type: z.literal('noul'),
    instructions: contentSchema,
    criteria: z
      .strictObject({ true: contentSchema.nullish(), false: contentSchema.nullish() })
      .nullish()
      .meta({ description: 'What each answer means.' }),
  })
  .meta({ description: 'Whether something is true.' });
const choiceSchema = z
  .strictObject({
    type: z.literal('choice'),
    instructions: contentSchema,
    criteria: boundedRecord(nameSchema, contentSchema.nullable(), MAX_CHOICES)
      .refine((options) => Object.keys(options).length >= 2, 'must have at least 2 entries')
      .meta({
        minProperties: 2,
        description: 'The options, and what each means. As many as a decision takes.',
      }),
  })
  .meta({ description: 'Which of several options.' });
const scoreSchema = z
  .strictObject({
    type: z.literal('score'),
    instructions: contentSchema,
    criteria: boundedList(contentSchema, MAX_LEVELS)
      .refine(({ length }) => length >= 2, 'must have at least 2 entries')
      .meta({ minItems: 2, description: 'The levels, the lowest first.' }),
  })
  .meta({ description: 'Where on a scale.' });

const questionSchema = taggedUnion(
  ['noul', 'choice', 'score'],
  [noulSchema, choiceSchema, scoreSchema],
  'these are the questions of System One',
).meta({ id: 'SystemOneQuestion' });
type QuestionInput = z.output<typeof questionSchema>;

export const systemOneRequestSchema = z
  .strictObject({
    model: modelField,
    state: contentSchema.meta({ description: 'What all questions are about.' }),
    questions: boundedRecord(nameSchema, questionSchema, MAX_QUESTIONS)
      .refine((questions) => Object.keys(questions).length >= 1, 'must have at least 1 entries')
      .meta({ minProperties: 1, description: 'By names of your own. Each is answered by itself.' }),
    timeout_ms: timeoutField,
  })
  .meta({ id: 'SystemOneRequest' });

export type SystemOneInput = z.output<typeof systemOneRequestSchema>;

const probabilitySchema = z.number().min(0).max(1);
const confidenceSchema = probabilitySchema.meta({
  description: '1 where one option has all the probability, 0 where all are equally probable.',
});
const probabilitiesSchema = z.record(z.string(), probabilitySchema);

export const systemOneResponseSchema = z
  .object({
    model: z.string(),
    answers: z
      .record(
        z.string(),
        z.discriminatedUnion('type', [
          z.object({
            type: z.literal('noul'),
            noul: probabilitySchema.meta({ description: 'How probable it is that it is true.' }),
          }),
          z.object({
            type: z.literal('choice'),
            choice: z.string(),
            confidence: confidenceSchema,
            probabilities: probabilitiesSchema,
          }),
          z.object({
            type: z.literal('score'),
            score: z.number().meta({ description: 'The mean of the levels, from 0.' }),
            confidence: confidenceSchema,
            probabilities: probabilitiesSchema.meta({ description: 'By the numbers of the levels.' }),
            legend: z.record(z.string(), z.unknown()).meta({ description: 'The levels by their numbers.' }),
          }),
        ]),
      )
      .meta({
        description:
          'By the names of the questions. A question is missing if the model gives no option any probability.',
      }),
    usage: z.object({ input_tokens: z.int(), output_tokens: z.literal(0) }),
  })
  .meta({ id: 'SystemOneResponse' });

export type SystemOneBody = z.output<typeof systemOneResponseSchema>;
type AnswerBody = SystemOneBody['answers'][string];

const textOf = (content: Content): string =>
  typeof content === 'string' ? content : JSON.stringify(content);

/** What the engine of decisions is asked. */
export const toSystemOneDecision = (
  { state, questions }: SystemOneInput,
  timeoutMs: number,
): DecisionRequest => ({
  conversation: { messages: [], lastContent: textOf(state) },
  param: 'state',
  questions: Object.entries(questions).map(([name, question]) => toQuestion(question, `questions.${name}`)),
  timeoutMs,
  cacheSalt: undefined,
});

function toQuestion(question: QuestionInput, param: string): Question {
  const instructions = textOf(question.instructions);
  switch (question.type) {
    case 'noul':
      return { type: 'predicate', instructions: [instructions, ...meanings(question)].join('\n'), param };
    case 'choice':
      return { type: 'choice', instructions, options: toOptions(question.criteria), param };
    case 'score':
      return {
        type: 'score',
        instructions,
        options: question.criteria.map((level) => ({ text: textOf(level) })),
        param,
      };
  }
}

const toOptions = (criteria: Readonly<Record<string, Content | null>>): QuestionOption[] =>
  Object.entries(criteria).map(([text, meaning]) => ({
    text,
    description: meaning === null ? undefined : textOf(meaning),
  }));

function meanings({ criteria }: Extract<QuestionInput, { type: 'noul' }>): string[] {
  return (['true', 'false'] as const).flatMap((word) => {
    const meaning = criteria?.[word] ?? undefined;
    return meaning === undefined ? [] : [`It is ${word} if: ${textOf(meaning)}`];
  });
}

/** @param readings of each question, in their order; undefined where the model prefers no option */
export function toSystemOneBody(
  model: string,
  questions: SystemOneInput['questions'],
  readings: readonly (OptionReading | undefined)[],
  { numPromptTokens }: Usage,
): SystemOneBody {
  const answers = Object.entries(questions).flatMap(([name, question], index) => {
    const reading = readings[index];
    return reading === undefined ? [] : [[name, toAnswer(question, reading)] as const];
  });
  return {
    model,
    answers: Object.fromEntries(answers),
    usage: { input_tokens: numPromptTokens, output_tokens: 0 },
  };
}

function toAnswer(question: QuestionInput, reading: OptionReading): AnswerBody {
  const { probabilities, winner } = reading;
  if (question.type === 'noul') return { type: 'noul', noul: probabilities[0] ?? 0 };
  const byName = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries(names.map((name, index) => [name, probabilities[index] ?? 0]));
  const confidence = confidenceOf(reading);
  if (question.type === 'choice') {
    const names = Object.keys(question.criteria);
    return { type: 'choice', choice: names[winner] ?? '', confidence, probabilities: byName(names) };
  }
  const numbers = question.criteria.map((_, index) => `${index}`);
  return {
    type: 'score',
    score: meanIndex(reading),
    confidence,
    probabilities: byName(numbers),
    legend: Object.fromEntries(question.criteria.map((level, index) => [`${index}`, level])),
  };
}

/** How far the winner is above equal shares, of what it could be. */
function confidenceOf({ probabilities, winner }: OptionReading): number {
  const equal = 1 / probabilities.length;
  return Math.max(0, ((probabilities[winner] ?? equal) - equal) / (1 - equal));
}
