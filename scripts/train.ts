import { availableParallelism } from 'node:os';
import { EngineError } from '../src/errors.ts';
import { parseTrainOptions, TRAIN_HELP } from '../src/training/train-options.ts';
import { train } from '../src/training/train.ts';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

try {
  const options = parseTrainOptions(process.argv.slice(2), availableParallelism());
  if (options === undefined) console.log(TRAIN_HELP);
  else await train(options, stop.signal);
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
