import { assertInvariant, EngineError } from '../errors.ts';
import { plainMessage } from '../logged-error.ts';
import type { InSlices } from '../process/in-slices.ts';
import { serveJobs } from '../process/serve-jobs.ts';
import { findLibc } from '../runtime/native/native-addon.ts';
import { loadRowProducts } from '../runtime/row-products.ts';
import { answerOfIndex, type IndexQuestion } from './answer-question.ts';
import { Uploads } from './uploads.ts';
import type { VectorAnswer, VectorQuestion, VectorsSetup } from './vector-jobs.ts';
import type { VectorIndex } from './vector-index.ts';
import { VectorStore } from './vector-store.ts';

/** The process that has all indexes of vectors: the other side of VectorService. */

// Before serveJobs has its thread.
findLibc();
let opened: VectorStore | undefined;
const uploads = new Uploads();

const tell = (line: string): void => void process.stderr.write(`tokenflare: ${line}\n`);

serveJobs({
  setUp: (setup: VectorsSetup): null => {
    const onMissing = (reason: string): void => tell(`vectors are searched in JavaScript: ${reason}`);
    opened = new VectorStore({ ...setup, createProducts: loadRowProducts({ ...setup, onMissing }), tell });
    return null;
  },
  answer: (question: VectorQuestion): VectorAnswer | InSlices<VectorAnswer> => {
    const store = opened;
    assertInvariant(store !== undefined, 'the store is opened before it is asked');
    try {
      return answerOf(store, question);
    } catch (error) {
      throw toJobFault(error);
    }
  },
});

function answerOf(store: VectorStore, question: VectorQuestion): VectorAnswer | InSlices<VectorAnswer> {
  switch (question.type) {
    case 'list':
      return JSON.stringify(store.list());
    case 'create':
      store.create(question.config);
      return JSON.stringify(question.config);
    case 'config':
      return JSON.stringify(store.config(question.index));
    case 'delete':
      store.delete(question.index);
      return 'null';
    case 'part':
      uploads.add(question.upload, question.clientId, question.bytes);
      return 'null';
    case 'dropParts':
      uploads.drop(question.upload);
      return 'null';
    default: {
      return jobOfIndex(store, store.open(question.index), question);
    }
  }
}

/** What an index cannot do, since the disk is full or a file is damaged, ends one job. */
function* jobOfIndex(
  store: VectorStore,
  index: VectorIndex,
  question: IndexQuestion,
): InSlices<VectorAnswer> {
  const work = loadedAnswer(store, index, question);
  try {
    for (;;) {
      index.checkOpen();
      const step = work.next();
      if (step.done === true) return step.value;
      yield;
    }
  } catch (error) {
    const fault = toJobFault(error);
    if (index.isBroken) forget(store, index, fault);
    throw fault;
  }
}

/** Its library may complain once more, which is told and changes nothing. */
function forget(store: VectorStore, index: VectorIndex, fault: EngineError): void {
  try {
    store.forget(index.config.name, index, fault);
  } catch (error) {
    toJobFault(error);
  }
}

function* loadedAnswer(
  store: VectorStore,
  index: VectorIndex,
  question: IndexQuestion,
): InSlices<VectorAnswer> {
  yield* index.loaded();
  store.tellDamage(index);
  return JSON.stringify(yield* answerOfIndex(index, question, { store, uploads }));
}

/** Told in the log by its code and place, since its message may have what a client sent; one of SQLite never has. */
function toJobFault(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const isOfSqlite = error instanceof Error && error.name === 'SQLite3Error';
  const what = `${isOfSqlite ? `${error.message}: ` : ''}${plainMessage(error)}`;
  tell(`a job on vectors failed: ${what}`);
  return new EngineError('backend_failure', `the indexes of vectors cannot be used now: ${what}`, {
    cause: error,
  });
}
