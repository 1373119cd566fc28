import type { TextFigures } from './text-figures.ts';

/** A row of the table: a group of texts. */
export interface Judged {
  readonly name: string;
  readonly bitsPerByte: number;
  readonly figures: TextFigures;
  /** Of a model's samples. */
  readonly ended: number | undefined;
}

const HEAD = [
  '',
  'texts',
  'bits per byte',
  'repetition',
  'distinct-3',
  'that end',
  'words of the list',
  'runs of the corpus',
];

/** The table of a model card, in Markdown. */
export function tableOf(rows: readonly Judged[]): string {
  const lines = rows.map(({ name, bitsPerByte, figures, ended }) => [
    name,
    String(figures.numTexts),
    bitsPerByte.toFixed(3),
    figures.repetition.toFixed(3),
    figures.distinct3.toFixed(3),
    percent(ended),
    percent(figures.knownWords),
    percent(figures.copied),
  ]);
  const rule = HEAD.map((_, i) => (i === 0 ? '---' : '---:'));
  return [HEAD, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const percent = (share: number | undefined): string =>
  share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;
