import type { GenerationDefaults } from './generation-config.ts';

/** How the publisher of a family of models wants their tokens drawn, and where it says so. */
export interface FamilyDefaults {
  readonly family: string;
  /** For people: the publisher's document. */
  readonly document: string;
  readonly defaults: GenerationDefaults;
}

interface Family extends FamilyDefaults {
  /** As ModelConfig names them: a name alone may be a user's own. */
  readonly architectures: readonly string[];
  /** In a name in lower case, whose other characters are hyphens: `qwen2.5-0.5b-instruct`. */
  readonly pattern: RegExp;
}

const QWEN2 = { temperature: 0.7, topP: 0.8, topK: 20 } as const;
const LLAMA = { temperature: 0.6, topP: 0.9 } as const;

/**
 * The first that fits holds. A base model is none of them: it has no recommendation, and most names of these patterns say
 * that a model was trained to answer. Families of architectures that are not served have no row.
 */
export const FAMILIES: readonly Family[] = [
  {
    family: 'DeepSeek R1 Distill',
    architectures: ['llama', 'qwen2', 'qwen3'],
    pattern: /deepseek-r1-(distill|0528)/,
    document: 'the model card of DeepSeek-R1, Usage Recommendations',
    defaults: { temperature: 0.6, topP: 0.95 },
  },
  {
    family: 'SmolLM2',
    architectures: ['llama'],
    pattern: /smollm2/,
    document: 'the model card of SmolLM2-1.7B-Instruct',
    defaults: { temperature: 0.2, topP: 0.9 },
  },
  {
    family: 'TinyLlama Chat',
    architectures: ['llama'],
    pattern: /tinyllama.*-chat/,
    document: 'the model card of TinyLlama-1.1B-Chat-v1.0',
    defaults: { temperature: 0.7, topP: 0.95, topK: 50 },
  },
  {
    family: 'Qwen 2 and 2.5 Instruct, up to 1.5B',
    architectures: ['qwen2'],
    pattern: /qwen2(\.5)?-(.*-)?(0\.5|1\.5)b-instruct/,
    document: 'the generation_config.json of Qwen2.5-0.5B-Instruct',
    defaults: { ...QWEN2, repetitionPenalty: 1.1 },
  },
  {
    family: 'Qwen 2 and 2.5 Instruct',
    architectures: ['qwen2'],
    pattern: /qwen2(\.5)?-.*instruct/,
    document: 'the generation_config.json of Qwen2.5-7B-Instruct',
    defaults: { ...QWEN2, repetitionPenalty: 1.05 },
  },
  {
    family: 'Qwen 3 Instruct',
    architectures: ['qwen3'],
    pattern: /qwen3-.*instruct/,
    document: 'the model card of Qwen3-4B-Instruct-2507, Best Practices',
    defaults: QWEN2,
  },
  {
    family: 'Qwen 3',
    architectures: ['qwen3'],
    pattern: /qwen3-(?!.*(base|embedding|reranker))/,
    document: 'the model card of Qwen3-0.6B, Best Practices for thinking',
    defaults: { temperature: 0.6, topP: 0.95, topK: 20 },
  },
  {
    family: 'Llama 3 Instruct',
    architectures: ['llama'],
    pattern: /llama-?3(\.[0-3])?-.*instruct/,
    document: 'the generation_config.json of Llama-3.2-1B-Instruct',
    defaults: LLAMA,
  },
  {
    family: 'Llama 2 Chat',
    architectures: ['llama'],
    pattern: /llama-?2-.*chat/,
    document: 'the generation_config.json of Llama-2-7b-chat-hf',
    defaults: LLAMA,
  },
  {
    family: 'Gemma 3 Instruct',
    architectures: ['gemma3'],
    pattern: /gemma-?3-.*(it|instruct)\b/,
    document: 'the generation_config.json of gemma-3-1b-it, and the Gemma team: temperature 1',
    defaults: { temperature: 1, topP: 0.95, topK: 64 },
  },
  {
    family: 'Mistral Nemo Instruct',
    architectures: ['llama'],
    pattern: /mistral-nemo-.*instruct/,
    document: 'the model card of Mistral-Nemo-Instruct-2407',
    defaults: { temperature: 0.3 },
  },
  {
    family: 'Mistral 7B Instruct',
    architectures: ['llama'],
    pattern: /mistral-7b-.*instruct/,
    document: 'the command mistral-chat of mistral-inference',
    defaults: { temperature: 0.7 },
  },
];

/** Far beyond the longest; a file may hold anything. */
const MAX_NAME_LENGTH = 200;

/** What a GGUF file calls its model, and then those that it was made of. */
export function ggufModelNames(metadata: ReadonlyMap<string, unknown>): string[] {
  const bases = [...metadata.keys()].filter((key) => key.startsWith('general.base_model.')).sort();
  return ['general.name', 'general.basename', ...bases].flatMap((key) => {
    const name = metadata.get(key);
    return typeof name === 'string' ? [name] : [];
  });
}

/**
 * The recommendation for a model by its names: the first name that belongs to a family decides.
 * @param architecture as ModelConfig names it
 */
export function familyDefaults(architecture: string, names: readonly string[]): FamilyDefaults | undefined {
  const candidates = FAMILIES.filter(({ architectures }) => architectures.includes(architecture));
  for (const name of names) {
    if (name.length > MAX_NAME_LENGTH) continue;
    const plain = name.toLowerCase().replaceAll(/[^a-z\d.]+/g, '-');
    const found = candidates.find(({ pattern }) => pattern.test(plain));
    if (found !== undefined) return found;
  }
  return undefined;
}
