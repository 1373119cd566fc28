import type { FamilyDefaults } from './family-defaults.ts';
import type { GenerationDefaults } from './generation-config.ts';

/** Who says how tokens are drawn where a client does not. */
export type GenerationSource =
  /** GENERATION_CONFIG names a file. */
  | { readonly from: 'setting' }
  /** GENERATION_CONFIG=openai. */
  | { readonly from: 'openai' }
  /** The model's files. */
  | { readonly from: 'model' }
  /** The table of families. */
  | { readonly from: 'family'; readonly family: string; readonly document: string }
  /** None of these: temperature 1, and nothing is cut. */
  | { readonly from: 'none' };

/** How tokens are drawn where a client says nothing, and who says so. */
export interface KnownDefaults {
  generationDefaults: GenerationDefaults;
  generationSource: GenerationSource;
}

export const fromFamily = ({ family, document }: FamilyDefaults): GenerationSource => ({
  from: 'family',
  family,
  document,
});

const NAMES: readonly (readonly [keyof GenerationDefaults, string])[] = [
  ['topP', 'top_p'],
  ['topK', 'top_k'],
  ['minP', 'min_p'],
  ['repetitionPenalty', 'repetition_penalty'],
];

/** `temperature 0.7, top_k 20`. */
export function samplingValues(defaults: GenerationDefaults): string {
  const { temperature = 1 } = defaults;
  const others = NAMES.flatMap(([key, name]) =>
    defaults[key] === undefined ? [] : [`${name} ${defaults[key]}`],
  );
  return [`temperature ${temperature}`, ...others].join(', ');
}

/** What holds where a request says nothing, for people: the values, why they hold, and what sets others. */
export const samplingNote = (defaults: GenerationDefaults, source: GenerationSource): string =>
  `${samplingValues(defaults)}: ${reasonOf(source)}`;

function reasonOf(source: GenerationSource): string {
  switch (source.from) {
    case 'setting':
      return 'by the file that GENERATION_CONFIG names';
    case 'openai':
      return "OpenAI's defaults, by GENERATION_CONFIG=openai";
    case 'model':
      return "by the model's files";
    case 'family':
      return `for ${source.family}, by ${source.document}; GENERATION_CONFIG=FILE.json sets others`;
    case 'none':
      return "the model's files recommend nothing, which makes many models ramble; GENERATION_CONFIG=FILE.json sets another";
  }
}
