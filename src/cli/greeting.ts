import type { ModelInfo } from '../engine/engine.ts';
import { samplingNote } from '../model/sampling-note.ts';

type GreetedModel = Pick<
  ModelInfo,
  | 'id'
  | 'runtimeDescription'
  | 'numLanes'
  | 'kvCacheTokens'
  | 'chatTemplate'
  | 'generationDefaults'
  | 'generationSource'
>;

/**
 * What a service says to people when it is ready: what it serves, where its page is, what to try.
 * @param needsKey requests bring an API key
 */
export function greeting(url: string, model: GreetedModel, needsKey: boolean): string {
  const [path, body] =
    model.chatTemplate === 'own'
      ? [
          '/v1/chat/completions',
          { messages: [{ role: 'user', content: 'Tell me a short story.' }], stream: true },
        ]
      : ['/v1/completions', { prompt: 'Once upon a time', max_tokens: 64, stream: true }];
  const key = needsKey ? ' -H "authorization: Bearer $KEY"' : '';
  return (
    `Tokenflare serves ${model.id} on ${url} (${model.runtimeDescription}; ` +
    `${model.numLanes} sequences at once, ${model.kvCacheTokens} tokens in the cache)\n` +
    samplingLine(model) +
    `Page: ${url}/\n` +
    `Try:  curl -N ${url}${path}${key} -H 'content-type: application/json' -d '${JSON.stringify(body)}'\n`
  );
}

/** Told where neither the model's files nor the operator say how to sample. */
function samplingLine({ generationDefaults = {}, generationSource: source }: GreetedModel): string {
  if (source?.from !== 'family' && source?.from !== 'none') return '';
  return `Sampling: ${samplingNote(generationDefaults, source)}\n`;
}
