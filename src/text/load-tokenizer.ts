import { ggufTokenizer } from '../tokenizer/gguf-tokenizer.ts';
import { Tokenizer } from '../tokenizer/tokenizer.ts';
import { isGgufPath, readGgufHeader } from '../weights/gguf/gguf-header.ts';

/**
 * The tokenizer of a model: of a GGUF file from its metadata, else the `tokenizer.json` of its directory.
 * @throws EngineError `weights_invalid` naming the file
 */
export async function loadTokenizer(modelPath: string): Promise<Tokenizer> {
  if (!isGgufPath(modelPath)) return Tokenizer.load(modelPath);
  return ggufTokenizer((await readGgufHeader(modelPath)).metadata);
}
