import { assertInvariant } from '../errors.ts';
import type { InSlices } from '../process/in-slices.ts';
import { serveJobs } from '../process/serve-jobs.ts';
import { findLibc } from '../runtime/native/native-addon.ts';
import { loadRowProducts } from '../runtime/row-products.ts';
import { answerOfIndex } from './answer-question.ts';
import { Uploads } from './uploads.ts';
import type { VectorAnswer, VectorQuestion, VectorsSetup } from './vector-jobs.ts';
import { VectorStore } from './vector-store.ts';

/** The process that has all indexes of vectors: the other side of VectorService. */

// Before serveJobs has its thread.
findLibc();
let opened: VectorStore | undefined;
const uploads = new Uploads();

serveJobs({
  setUp: (setup: VectorsSetup): null => {
    const onMissing = (reason: string): void =>
      void process.stderr.write(`vectors are searched in JavaScript: ${reason}\n`);
    opened = new VectorStore({ ...setup, createProducts: loadRowProducts({ ...setup, onMissing }) });
    return null;
  },
  answer: async (question: VectorQuestion): Promise<VectorAnswer | InSlices<VectorAnswer>> => {
    const store = opened;
    assertInvariant(store !== undefined, 'the store is opened before it is asked');
    switch (question.type) {
      case 'list':
        return JSON.stringify(store.list());
      case 'create':
        store.create(question.config);
        return JSON.stringify(question.config);
      case 'config':
        return JSON.stringify(store.config(question.index));
      case 'delete':
        await store.delete(question.index);
        return 'null';
      case 'part':
        uploads.add(question.upload, question.clientId, question.bytes);
        return 'null';
      case 'dropParts':
        uploads.drop(question.upload);
        return 'null';
      default: {
        const index = await store.open(question.index);
        return (function* () {
          try {
            yield* index.loaded();
          } catch (error) {
            void store.forget(question.index, index);
            throw error;
          }
          return JSON.stringify(yield* answerOfIndex(index, question, { store, uploads }));
        })();
      }
    }
  },
});
