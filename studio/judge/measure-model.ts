import { createService, type TokenflareService } from '../../src/library/index.ts';
import { SeededRandom } from '../corpus/random.ts';
import { measuredPrompts, type MeasuredPrompt } from './measure-prompts.ts';

/** What the model said to a prompt. */
export interface MeasuredAnswer {
  readonly measure: string;
  readonly turns: readonly string[];
  readonly answer: string;
  readonly isRight: boolean;
}

const TEMPERATURE = 0.7;
/** Room for a whole story, and for an answer. */
const MAX_TOKENS = { story: 400, answer: 80 } as const;
const NUM_SHOWN = 10;

/** Each prompt once, with a seed of its own; nothing is left out or drawn again. */
export async function measureModel(model: string): Promise<MeasuredAnswer[]> {
  const service = await createService({ MODEL: model, MAX_NUM_SEQS: 16, MAX_QUEUED_REQUESTS: 1000 });
  try {
    return await Promise.all(measuredPrompts().map((prompt, i) => ask(service, prompt, i + 1)));
  } finally {
    await service.close();
  }
}

async function ask(
  service: TokenflareService,
  { measure, turns, isRight }: MeasuredPrompt,
  seed: number,
): Promise<MeasuredAnswer> {
  const messages = turns.map((content, i) => ({
    role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content,
  }));
  const maxTokens = MAX_TOKENS[measure.startsWith('names') ? 'story' : 'answer'];
  const { choices } = await service
    .chat({ temperature: TEMPERATURE, max_tokens: maxTokens, messages, seed })
    .whole();
  const answer = choices[0]?.message.content ?? '';
  return { measure, turns, answer, isRight: isRight(answer) };
}

/** The table of a model card, in Markdown: how many of each measure are right. */
export function measureTable(answers: readonly MeasuredAnswer[]): string {
  const names = [...new Set(answers.map(({ measure }) => measure))];
  const questions = names.filter((name) => name.startsWith('question: '));
  const rows = [
    ...names.filter((name) => !questions.includes(name)).map((name) => [name, [name]] as const),
    ...(questions.length > 0 ? [['questions about the story', questions] as const] : []),
    ...questions.map((name) => [name, [name]] as const),
  ].map(([name, measures]) => {
    const own = answers.filter(({ measure }) => measures.includes(measure));
    const right = own.filter((one) => one.isRight).length;
    return `| ${name} | ${own.length} | ${right} | ${((100 * right) / own.length).toFixed(0)} % |\n`;
  });
  return `| | prompts | right | share |\n| --- | ---: | ---: | ---: |\n${rows.join('')}`;
}

/** Ten answers, chosen by the seed and by nothing else. */
export function shownAnswers(answers: readonly MeasuredAnswer[], seed: number): string {
  const shown = new SeededRandom(seed).shuffle(answers).slice(0, NUM_SHOWN);
  return shown
    .map(({ turns, answer, isRight }) => {
      const asked = turns.map((turn, i) => (i % 2 === 0 ? `**${turn}**` : quoted(turn))).join('\n\n');
      return `${asked}\n\n${quoted(answer)}\n\n${isRight ? 'Right.' : 'Not right.'}`;
    })
    .join('\n\n---\n\n');
}

const quoted = (text: string): string => text.trim().replace(/^/gm, '> ');
