import * as fc from 'fast-check';
import { MODEL_ID } from '../support/metrics.ts';
import { postStep, type FuzzScript, type FuzzStep } from './fuzz-script.ts';

const RUN = `/ai/run/${MODEL_ID}`;
const CHAT_MESSAGES = [{ role: 'user', content: 'Tell me' }];

interface Asked {
  path: string;
  maxTokens: number;
  temperature: number;
  seed: number;
  stream: boolean;
  n: number;
}

const asked = fc.record<Asked>({
  path: fc.constantFrom('/v1/completions', '/v1/completions', '/v1/chat/completions', RUN),
  maxTokens: fc.oneof(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 1, max: 200 })),
  temperature: fc.constantFrom(0, 1, 1, 2),
  seed: fc.nat(1000),
  stream: fc.boolean(),
  n: fc.constantFrom(1, 1, 1, 2, 3),
});

/** A request whose text has a format, by one of the routes that take the format's fields. */
export const formatScript = (fields: fc.Arbitrary<object>): fc.Arbitrary<FuzzScript> =>
  fc.tuple(fields, asked).map(([format, it]) => [stepOf(format, it)]);

function stepOf(format: object, { path, maxTokens, temperature, seed, stream, n }: Asked): FuzzStep {
  const isRun = path === RUN && Object.keys(format).every((name) => name.startsWith('guided_'));
  const chosen = path === RUN && !isRun ? '/v1/completions' : path;
  const prompt =
    chosen === '/v1/chat/completions' ? { messages: CHAT_MESSAGES } : { prompt: 'Once upon a time' };
  const common = { ...prompt, max_tokens: maxTokens, temperature, seed, stream, ...format };
  return postStep(chosen, isRun ? common : { ...common, n });
}
