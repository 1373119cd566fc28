/** What a request may say of how tokens are drawn. */
export interface Settings {
  temperature: number;
  topP: number;
  topK: number;
  maxTokens: number;
  /** Empty: another one each time. */
  seed: string;
}

export const DEFAULT_SETTINGS: Settings = { temperature: 0.8, topP: 0.95, topK: 0, maxTokens: 120, seed: '' };

export interface SettingField {
  name: keyof Settings;
  label: string;
  hint: string;
  min: number;
  max: number;
  step: number;
}

export const SETTING_FIELDS: readonly SettingField[] = [
  {
    name: 'temperature',
    label: 'Temperature',
    hint: '0 takes the most probable token',
    min: 0,
    max: 2,
    step: 0.05,
  },
  { name: 'topP', label: 'Top p', hint: 'tokens that make up this share', min: 0.05, max: 1, step: 0.05 },
  { name: 'topK', label: 'Top k', hint: '0 considers all tokens', min: 0, max: 200, step: 1 },
  { name: 'maxTokens', label: 'Most tokens', hint: 'of the answer', min: 1, max: 4096, step: 1 },
  { name: 'seed', label: 'Seed', hint: 'the same seed gives the same text', min: 0, max: 2 ** 31, step: 1 },
];

/** The fields of a request's body, as OpenAI's API names them. */
export function toBodyFields({ temperature, topP, topK, maxTokens, seed }: Settings): Record<string, number> {
  return {
    temperature,
    top_p: topP,
    ...(topK > 0 ? { top_k: topK } : {}),
    max_tokens: maxTokens,
    ...(seed === '' ? {} : { seed: Number(seed) }),
  };
}
