import { isGgufPath } from '../weights/gguf/gguf-header.ts';

const SAFETENSORS = ['model.safetensors', 'model.safetensors.index.json'];
/** Weights as Python objects: to read them is to run what they say. */
const PICKLE = /^(pytorch_model|model|consolidated|adapter_model)[\w.-]*\.(bin|pt|pth|ckpt)$/;

/**
 * What a folder is that holds weights in a form that is not read, and the way to one that is; undefined for a folder with
 * others, or none.
 * @param names of its files
 */
export function foreignWeights(names: readonly string[]): string | undefined {
  if (names.some((name) => SAFETENSORS.includes(name) || isGgufPath(name))) return undefined;
  if (names.includes('adapter_config.json')) {
    return (
      'it is an adapter (LoRA), and no model by itself: merge it into the model that it was trained on (in Python, ' +
      'peft: AutoPeftModelForCausalLM.from_pretrained(FOLDER).merge_and_unload().save_pretrained(OUT)), and put that ' +
      "model's tokenizer beside it"
    );
  }
  const pickle = names.find((name) => PICKLE.test(name));
  if (pickle === undefined) return undefined;
  return (
    `its weights are PyTorch's (${pickle}), which are programs and are not run: write them as safetensors (in Python, ` +
    'transformers: AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(OUT)), with the tokenizer beside them'
  );
}
