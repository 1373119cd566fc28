import { serveJobs } from '../../src/process/serve-jobs.ts';

/** A process of the model whose jobs meet an error that is not ours, and that quotes the question. */
serveJobs<undefined, undefined, string, string>({
  setUp: () => undefined,
  answer: (question) => {
    throw new TypeError(`cannot read ${question}`);
  },
});
