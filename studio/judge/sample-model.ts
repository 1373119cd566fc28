import { createService, type TokenflareService } from '../../src/library/index.ts';
import { BEGINNINGS, QUESTIONS } from './prompts.ts';

/** A text as the model wrote it. */
export interface Sample {
  readonly prompt: string;
  readonly seed: number;
  /** Of a text with its beginning, of an answer alone. */
  readonly text: string;
  /** The model ended it, and not the bound. */
  readonly hasEnded: boolean;
}

export interface SampleOptions {
  /** A directory or a GGUF file. */
  readonly model: string;
  readonly kind: 'texts' | 'answers';
  readonly numSeeds: number;
}

export const SAMPLING = { temperature: 0.7, max_tokens: 200 } as const;

/** Each prompt with seeds from 1 on, all at once; nothing is left out or drawn again. */
export async function sampleModel({ model, kind, numSeeds }: SampleOptions): Promise<Sample[]> {
  const service = await createService({ MODEL: model, MAX_NUM_SEQS: 16, MAX_QUEUED_REQUESTS: 1000 });
  try {
    const prompts = kind === 'texts' ? BEGINNINGS : QUESTIONS;
    const draw = kind === 'texts' ? goOn : answer;
    return await Promise.all(
      Array.from({ length: numSeeds }, (_, i) => i + 1).flatMap((seed) =>
        prompts.map((prompt) => draw(service, prompt, seed)),
      ),
    );
  } finally {
    await service.close();
  }
}

async function goOn(service: TokenflareService, prompt: string, seed: number): Promise<Sample> {
  const { choices } = await service.complete({ ...SAMPLING, prompt, seed }).whole();
  const [choice] = choices;
  return { prompt, seed, text: prompt + (choice?.text ?? ''), hasEnded: choice?.finish_reason === 'stop' };
}

async function answer(service: TokenflareService, content: string, seed: number): Promise<Sample> {
  const { choices } = await service
    .chat({ ...SAMPLING, messages: [{ role: 'user', content }], seed })
    .whole();
  const [choice] = choices;
  return {
    prompt: content,
    seed,
    text: choice?.message.content ?? '',
    hasEnded: choice?.finish_reason === 'stop',
  };
}
