import type { Command } from 'commander';
import { availableCores } from '../../src/available-cores.ts';
import { readTrainOptions, TRAIN_FLAGS, type TrainOptions } from '../training/train-options.ts';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';
import { givenFlags } from '../../src/cli/setting-flags.ts';

export function configureTrain(command: Command): void {
  command
    .argument(
      '[files...]',
      'text files, one text each, and .jsonl files of documents; one named twice counts twice',
    )
    .option('--corpus <files...>', 'the same')
    .option('--out <dir>', 'where model, tokenizer, model card, loss plot and checkpoint go')
    .option('--from <dir>', 'a model of this trainer to begin with, its vocabulary and shape included')
    .option('--mean-with <dir>', 'another of its shape: the run begins with the mean of their weights')
    .option('--resume', 'goes on from the checkpoint in --out')
    .option('--overwrite', 'begins anew where --out has a run, which is removed')
    .option('--estimate', 'says how long it would take, and writes nothing');
  for (const { flag, default: value, meaning } of TRAIN_FLAGS) {
    command.option(`--${flag} <value>`, value ? `${meaning} [${value}]` : meaning);
  }
  command.action((files: string[]) => run(command, files));
}

async function run(command: Command, files: readonly string[]): Promise<void> {
  const options = optionsOf(command, files);
  const { estimateTraining, train } = await import('../training/train.ts');
  if (command.opts<{ estimate?: true }>().estimate === true) {
    await estimateTraining(options);
    return;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort();
    process.exitCode = EXIT_CODES.interrupted;
  });
  process.once('SIGTERM', () => stop.abort());
  await train(options, stop.signal);
}

function optionsOf(command: Command, files: readonly string[]): TrainOptions {
  const {
    corpus = [],
    out,
    from,
    meanWith,
    resume = false,
    overwrite = false,
  } = command.opts<{
    corpus?: string[];
    out?: string;
    from?: string;
    meanWith?: string;
    resume?: boolean;
    overwrite?: boolean;
  }>();
  const paths = [...corpus, ...files];
  if (paths.length === 0) command.error('error: name the text files to train on');
  if (out === undefined) command.error('error: --out is needed: the directory to write to');
  const given = Object.entries(givenFlags(command)).filter(([, value]) => value !== true);
  const target = { corpus: paths, out, from, meanWith, resume, overwrite };
  return readTrainOptions(target, Object.fromEntries(given) as Record<string, string>, availableCores());
}
