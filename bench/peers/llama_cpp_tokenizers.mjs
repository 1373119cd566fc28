/**
 * Writes tests/fixtures/tokenizers/llama-cpp.json: the ids that llama.cpp (npm's node-llama-cpp) gives texts with the
 * vocabularies of the GGUF files there, which scripts/goldens/tokenizer_vocabularies.py writes. llama_cpp_greedy.mjs
 * installs the package where this looks for it.
 *
 *     node bench/peers/llama_cpp_tokenizers.mjs
 *
 * That the files have no tensors is reported, and harmless: only the vocabulary is loaded.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FIXTURES = new URL('../../tests/fixtures/tokenizers/', import.meta.url);
const PACKAGE = 'node_modules/.cache/tokenflare/node-llama-cpp/node_modules/node-llama-cpp/dist/index.js';

const TEXTS = [
  '',
  ' ',
  'The river runs past the old mill.',
  '  two  spaces\n\nand\ttabs   end  ',
  'aaaa aaa aaaaaaaaaaaaaaaaaaaaa abababababab abba bbbbb',
  'unknown: \u16a0\u16a1\u16a2 x \u{10348} \u{1F600}',
  '\uFEFFusing System; using \uFEFF\uFEFF',
  '<s>one</s>two <s> three</s>\n',
  '<bos><start_of_turn>user\nHello<end_of_turn>\n<start_of_turn>model\n',
  'four    five\n\n\n\nsix<mask>seven <mask> eight<b>',
  '<|begin|>The<|im_end|> river<mask>  the  ',
  "it's they'll 12345 HELLO World",
];

const { getLlama } = await import(new URL(`../../${PACKAGE}`, import.meta.url).href);
const llama = await getLlama({ gpu: false, build: 'never' });
const goldens = {};
for (const name of ['llama', 'gemma', 'byte-level']) {
  const modelPath = fileURLToPath(new URL(`${name}.gguf`, FIXTURES));
  const model = await llama.loadModel({ modelPath, vocabOnly: true });
  // With the special tokens that a text holds, without those that are put round it.
  goldens[name] = TEXTS.map((text) => ({ text, ids: [...model.tokenize(text, true)] }));
  await model.dispose();
}
writeFileSync(new URL('llama-cpp.json', FIXTURES), `${JSON.stringify(goldens)}\n`);
await llama.dispose();
