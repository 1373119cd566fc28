import type { Model } from '../../service/wire.ts';

type SettingName = 'temperature' | 'top_p' | 'top_k' | 'min_p' | 'repetition_penalty' | 'max_tokens' | 'seed';

/** How tokens are drawn, as it was typed. What is absent or empty is left to the model's own defaults. */
export type Settings = Readonly<Partial<Record<SettingName, string>>>;

export interface SettingField {
  /** As OpenAI's API, or vLLM's, names it. */
  name: SettingName;
  label: string;
  hint: string;
  min: number;
  max: number;
  step: number;
  /** What the service takes where neither the request nor the model says anything. */
  neutral: string;
}

export const SETTING_FIELDS: readonly SettingField[] = [
  {
    name: 'temperature',
    label: 'Temperature',
    hint: 'Higher is more varied; 0 always picks the likeliest token',
    min: 0,
    max: 2,
    step: 0.05,
    neutral: '1',
  },
  {
    name: 'top_p',
    label: 'Top p',
    hint: 'Picks from the likeliest tokens that together have this share; 1: from all',
    min: 0.05,
    max: 1,
    step: 0.05,
    neutral: '1',
  },
  {
    name: 'top_k',
    label: 'Top k',
    hint: 'Picks from this many of the likeliest tokens; 0: from all',
    min: 0,
    max: 200,
    step: 1,
    neutral: '0',
  },
  {
    name: 'min_p',
    label: 'Min p',
    hint: 'Leaves out tokens below this share of the likeliest one; 0: none',
    min: 0,
    max: 1,
    step: 0.01,
    neutral: '0',
  },
  {
    name: 'repetition_penalty',
    label: 'Repetition penalty',
    hint: 'Above 1: fewer repeated words',
    min: 0.1,
    max: 2,
    step: 0.05,
    neutral: '1',
  },
  {
    name: 'max_tokens',
    label: 'Max tokens',
    hint: 'Stops the answer after this many tokens',
    min: 1,
    max: 131_072,
    step: 1,
    neutral: 'none',
  },
  {
    name: 'seed',
    label: 'Seed',
    hint: 'The same seed gives the same text',
    min: 0,
    max: 2 ** 31,
    step: 1,
    neutral: 'random',
  },
];

export interface SettingDefault {
  text: string;
  /** False: the model says nothing of it. */
  isModels: boolean;
}

/** What holds where the field is empty. */
export function defaultOf(
  { name, neutral }: Pick<SettingField, 'name' | 'neutral'>,
  model: Pick<Model, 'generation_defaults'> | undefined,
): SettingDefault {
  const defaults: Readonly<Record<string, unknown>> = model?.generation_defaults ?? {};
  const own = defaults[name];
  return typeof own === 'number' ? { text: String(own), isModels: true } : { text: neutral, isModels: false };
}

/** The fields of a request's body that are not left to the model. */
export const toBodyFields = (settings: Settings): Record<string, number> =>
  Object.fromEntries(
    Object.entries(settings).flatMap(([name, text]) =>
      text.trim() === '' || Number.isNaN(Number(text)) ? [] : [[name, Number(text)]],
    ),
  );
