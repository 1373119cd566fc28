import { expect } from 'vitest';
import { TRANSCRIPT_TEMPLATE } from './chat-model.ts';
import { workersAiError } from './error-bodies.ts';
import { call, post, type Answer } from './http-client.ts';
import { useScriptedService } from './scripted-service.ts';

/** Ids of Cloudflare's, of several tasks. */
export const MODEL = '@test/tiny-gpt2';
export const CHAT = '@cf/zai-org/glm-4.7-flash';
export const GPT_OSS = '@cf/openai/gpt-oss-20b';
export const LLAMA = '@cf/meta/llama-3.2-3b-instruct';
export const DISTILBERT = '@cf/huggingface/distilbert-sst-2-int8';
export const GUARD = '@cf/meta/llama-guard-3-8b';
export const BART = '@cf/facebook/bart-large-cnn';
export const M2M100 = '@cf/meta/m2m100-1.2b';
export const INDIC = '@cf/ai4bharat/indictrans2-en-indic-1B';
export const BGE_M3 = '@cf/baai/bge-m3';
export const QWEN3_EMBEDDING = '@cf/qwen/qwen3-embedding-0.6b';
export const TEXT = ' runs past the old mill and down to the sea';
export const messages = [{ role: 'user', content: 'Hello' }];

/** For a test file: a service whose model has all of these ids as aliases, and the ways to run them. */
export function useModelTasks() {
  const on = useScriptedService({
    template: TRANSCRIPT_TEMPLATE,
    model: { contextLength: 4096 },
    config: {
      modelAliases: [
        { name: '@cf/*', modelId: MODEL },
        { name: '@hf/*', modelId: MODEL },
        { name: BART, modelId: MODEL },
      ],
    },
  });

  const rest = (model: string, body: object): Promise<Answer> => post(on.service, `/ai/run/${model}`, body);
  const unified = (model: string, input: object): Promise<Answer> =>
    post(on.service, '/ai/run', { model, input });
  const binding = (model: string, inputs: object): Promise<Answer> =>
    call(on.service, 'POST', '/workers-binding/run?version=3', {
      body: { inputs, options: {} },
      headers: { 'cf-consn-model-id': model },
    });

  /** The result by each way to run a model: they give the same, ids and times apart. */
  async function run(model: string, inputs: object): Promise<Record<string, unknown>> {
    const answers = [await rest(model, inputs), await unified(model, inputs), await binding(model, inputs)];
    const [inEnvelope, named, bare] = answers.map(({ status, text, json }) => {
      expect(status, text).toBe(200);
      return json as Record<string, unknown>;
    });
    const result = inEnvelope?.['result'] as Record<string, unknown>;
    expect(inEnvelope).toMatchObject({ success: true, errors: [], messages: [] });
    expect(Object.keys(named?.['result'] as object)).toEqual(Object.keys(result));
    expect(Object.keys(bare ?? {})).toEqual(Object.keys(result));
    return result;
  }
  return { on, rest, unified, binding, run };
}

export const faultOf = (answer: Answer): { status: number; code: number; message: string } => ({
  status: answer.status,
  ...workersAiError(answer),
});
