import * as z from 'zod';
import type { SamplingParams } from '../../../src/sampling/sampling-params.ts';

/** As at OpenAI, Anthropic and Ollama 0 is allowed. */
export const topPSchema = z.number().min(0).max(1);

/** 0 is the most probable token alone. */
export const toTopP = (temperature: number, topP: number): Pick<SamplingParams, 'temperature' | 'topP'> =>
  topP === 0 ? { temperature: 0, topP: 1 } : { temperature, topP };
