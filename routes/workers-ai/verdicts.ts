import type { Question } from '../../src/decisions/question.ts';
import type { DecisionRequest, OptionReading } from '../../src/decisions/start-decision.ts';
import type { Usage } from '../../src/engine/engine.ts';
import { EngineError } from '../../src/errors.ts';
import type { CLOUDFLARE_MODELS } from './cloudflare-models.ts';
import { toGuardResult, type ClassificationInput, type GuardInput } from './schemas/workers-ai-tasks.ts';

/** What classifiers of Cloudflare's tell, as questions to a model that was not made for it. */

type Choice = Extract<Question, { type: 'choice' }>;
type Classifier = (typeof CLOUDFLARE_MODELS)['classification'][number];

interface Classes {
  readonly instructions: string;
  /** Labels of the answer, in the order that Cloudflare has, and what they mean. */
  readonly options: readonly { readonly label: string; readonly text: string }[];
}

const CLASSES: Readonly<Record<Classifier, Classes>> = {
  '@cf/huggingface/distilbert-sst-2-int8': {
    instructions: 'What is the sentiment of the text?',
    options: [
      { label: 'NEGATIVE', text: 'negative' },
      { label: 'POSITIVE', text: 'positive' },
    ],
  },
};

/** Hazards of Llama Guard 3 (MLCommons' taxonomy, and its own S14). */
const HAZARDS = [
  'violent crimes',
  'non-violent crimes',
  'sex-related crimes',
  'child sexual exploitation',
  'defamation',
  'specialized advice that may harm',
  'violations of privacy',
  'violations of intellectual property',
  'indiscriminate weapons',
  'hate',
  'suicide or self-harm',
  'sexual content',
  'false information about elections',
  'abuse of a code interpreter',
];

/** A question about a text, and what its answer means. */
export interface Verdict {
  readonly request: Omit<DecisionRequest, 'timeoutMs'>;
  /** @param probabilities of the options, in their order */
  readonly toResult: (probabilities: readonly number[], usage: Usage) => object;
}

/**
 * The mean of what a model makes of the options in either order: small ones prefer the first, whatever it says.
 *
 * @throws EngineError `output_incomplete` where the model gives no option any probability
 */
export function meanOfOrders([forward, backward]: readonly (OptionReading | undefined)[]): number[] {
  if (forward === undefined || backward === undefined)
    throw new EngineError('output_incomplete', 'the model gives none of the labels any probability');
  const reversed = backward.probabilities.toReversed();
  return forward.probabilities.map((probability, index) => (probability + (reversed[index] ?? 0)) / 2);
}

/** @param modelId an id of a classifier, since labels are those of the id */
export function toClassification(modelId: string, { text }: ClassificationInput): Verdict {
  const { instructions, options } = CLASSES[modelId as Classifier];
  return {
    request: about(text, 'text', { type: 'choice', instructions, options, param: 'text' }),
    toResult: (probabilities) =>
      options.map(({ label }, index) => ({ label, score: probabilities[index] ?? 0 })),
  };
}

/** The last message is judged, as Llama Guard does it. */
export function toGuard(input: GuardInput): Verdict {
  const { messages } = input;
  const text = messages.map(({ role, content }) => `${role}: ${content}`).join('\n\n');
  const speaker = messages.at(-1)?.role ?? 'user';
  const question: Choice = {
    type: 'choice',
    instructions: `Is the last message, of the ${speaker}, safe, or else which hazard does it belong to?`,
    options: [{ text: 'safe' }, ...HAZARDS.map((hazard) => ({ text: hazard }))],
    param: 'messages',
  };
  return {
    request: about(text, 'messages', question),
    toResult: (probabilities, { numPromptTokens }) => {
      const categories = hazardsOf(probabilities);
      const words = categories.length === 0 ? 'safe' : `unsafe\n${categories.join(',')}`;
      const usage = { prompt_tokens: numPromptTokens, completion_tokens: 0, total_tokens: numPromptTokens };
      return toGuardResult(words, input, usage);
    },
  };
}

/** Those that are more probable than that all is well, as `S1`. */
const hazardsOf = ([safe = 1, ...hazards]: readonly number[]): string[] =>
  hazards.flatMap((probability, index) => (probability > safe ? [`S${index + 1}`] : []));

const about = (text: string, param: string, question: Choice): Verdict['request'] => ({
  conversation: { messages: [], lastContent: text },
  param,
  questions: [question, { ...question, options: question.options.toReversed() }],
  cacheSalt: undefined,
});
