import { SAMPLING, type Sample } from './sample-model.ts';

const SAMPLES_HEADING = '## Samples\n';
/** Of beginnings, and as many of questions. */
const NUM_SHOWN = 10;

export interface Judgement {
  /** In Markdown. */
  readonly table: string;
  readonly texts: readonly Sample[];
  readonly answers: readonly Sample[];
}

/** A model card with the table and the first sample of the first prompts, in place of the samples that it has. */
export function withJudgement(card: string, { table, texts, answers }: Judgement): string {
  const [head = ''] = card.split(SAMPLES_HEADING);
  const [kept = ''] = head.split('## Judged\n');
  const shown = [
    ...texts.slice(0, NUM_SHOWN).map(({ text }) => quoted(text)),
    ...answers.slice(0, NUM_SHOWN).map(({ prompt, text }) => `**${prompt}**\n\n${quoted(text)}`),
  ];
  return `${kept}## Judged

${table}
${SAMPLES_HEADING}
Unedited, the first draw of each prompt: temperature ${SAMPLING.temperature}, at most ${SAMPLING.max_tokens} tokens, seed 1.

${shown.join('\n\n---\n\n')}
`;
}

const quoted = (text: string): string => text.trim().replace(/^/gm, '> ');

const MEASURED = /## Measured\n[\s\S]*?(?=\n## |$(?![\s\S]))/;

/** A model card with what was measured and ten answers that a seed chose, in place of what it has of them. */
export function withMeasures(card: string, table: string, shown: string, seed: number): string {
  const section = `## Measured

${table}
Ten of the answers, chosen by seed ${seed}:

${shown}
`;
  return MEASURED.test(card) ? card.replace(MEASURED, () => section) : `${card.trimEnd()}\n\n${section}`;
}
