/**
 * Texts and chats in the program itself: nothing listens, nothing leaves the process.
 *
 *     npm install CLONE/dist/package
 *     npx tsx in-process.mts
 */
import { createService, EngineError } from 'tokenflare';

const service = await createService({ MAX_NUM_SEQS: 4 });

// Piece by piece.
for await (const { text } of service.complete({ prompt: 'Once upon a time', max_tokens: 20, seed: 1 })) {
  process.stdout.write(text);
}
process.stdout.write('\n');

// Whole; four at once share the steps of the model.
const prompts = ['Once there was a king', 'A fox lived', 'One morning a girl', 'The old bear'];
const bodies = await Promise.all(
  prompts.map((prompt) => service.complete({ prompt, max_tokens: 8, temperature: 0 }).whole()),
);
for (const { choices, usage } of bodies) console.log(choices[0]?.text, usage.completion_tokens);

// Left early: the model stops, too.
let numPieces = 0;
for await (const { delta } of service.chat({ messages: [{ role: 'user', content: 'Tell me a tale.' }] })) {
  process.stdout.write(delta.content ?? '');
  if (++numPieces === 5) break;
}
process.stdout.write(' …\n');

// What cannot be had is told by a code and a sentence.
try {
  await service.complete({ prompt: 'Once', temperature: 3 }).whole();
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  console.log(error.code, error.param, error.message);
}

await service.close();
