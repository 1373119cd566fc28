import { readFileSync } from 'node:fs';
import { fixturePath } from './fixtures.ts';
import type { HubContent } from './hub-server.ts';

/** A repository as the hub has them: the tiny GPT-2 in large-file storage, and what nobody needs beside it. */
export function tinyRepository(): Record<string, HubContent> {
  const small = (text: string): HubContent => ({ bytes: Buffer.from(text) });
  const file = (...path: string[]): Buffer => readFileSync(fixturePath(...path));
  return {
    '.gitattributes': small('*.safetensors filter=lfs'),
    'README.md': small('# tiny'),
    'config.json': { bytes: file('tiny-gpt2', 'config.json') },
    'tokenizer.json': { bytes: file('tiny-gpt2', 'tokenizer.json') },
    'model.safetensors': { bytes: file('tiny-gpt2', 'model.safetensors'), lfs: true },
    'pytorch_model.bin': { bytes: Buffer.alloc(1000), lfs: true },
    'onnx/model.onnx': { bytes: Buffer.alloc(1000), lfs: true },
    'consolidated.safetensors': { bytes: Buffer.alloc(1000), lfs: true },
  };
}

/** A repository of GGUF files alone. */
export function ggufRepository(): Record<string, HubContent> {
  const gguf = (name: string): HubContent => ({ bytes: readFileSync(fixturePath('gguf', name)), lfs: true });
  return {
    'README.md': { bytes: Buffer.from('# tiny') },
    'tiny-gpt2-Q8_0.gguf': gguf('tiny-gpt2-q8_0.gguf'),
    'tiny-gpt2-F16.gguf': gguf('tiny-gpt2-f16.gguf'),
  };
}
