import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';
import { Gpt2 } from '../../src/model/gpt2.ts';
import { loadModel } from '../../src/model/load-model.ts';
import { Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { END_OF_TURN, encodeQuestion } from './chat-format.ts';
import type { TrainingState } from './checkpoint.ts';
import { heldOutFigures } from './held-out.ts';
import type { TrainingKernels } from './kernels.ts';
import { type LossPoint, lossPlotSvg } from './loss-plot.ts';
import type { Source } from './corpus.ts';
import { modelCard, type ShownSample } from './model-card.ts';
import type { TrainOptions } from './train-options.ts';
import { promptsOf, questionsOf } from './prompts.ts';
import { drawSamples } from './samples.ts';
import { TokenBuffers } from './token-buffers.ts';
import type { TrainingData } from './training-data.ts';

/** Of texts, and as many of answers. */
const NUM_SAMPLES = 5;

/**
 * Loss plot, samples and model card of a finished run, from the weights in the output directory: what is measured is
 * what will be served. The run's own variables must be gone.
 */
export async function finishRun(
  kernels: TrainingKernels,
  options: TrainOptions,
  data: TrainingData,
  sources: readonly Source[],
  state: TrainingState,
): Promise<number> {
  await writeFile(join(options.out, 'loss.svg'), lossPlotSvg(lossPoints(state, data)));
  const variables: tf.Variable[] = [];
  const { model, config, numParameters, weightBytes } = await loadModel(options.out, {
    createParameter: (name, shape, values) => {
      const tensor = tf.tensor(values, [...shape], 'float32'); // shape
      const variable = tf.variable(tensor, false, name);
      tensor.dispose();
      variables.push(variable);
      return variable;
    },
  });
  assertInvariant(model instanceof Gpt2, 'what is trained is a GPT-2');
  const buffers = new TokenBuffers(kernels.memory, options.batchSize, config.contextLength);
  const endId = data.encoder.endOfTextId;
  const reading = { ...options, contextLength: config.contextLength };
  const heldOutBits = heldOutFigures(
    { kernels, model, buffers, heldOut: data.heldOut, endId },
    reading,
    true,
  );
  buffers.dispose();
  const card = modelCard({
    options,
    config,
    sources,
    numParameters,
    weightBytes,
    numTrainingTokens: data.tokens.length,
    numHeldOutTokens: data.heldOut.sequences.reduce((sum, tokens) => sum + tokens.length - 1, 0),
    numHeldOutBytes: data.heldOut.numBytes,
    heldOutBits,
    bestStep: bestStep(state),
    elapsedMs: state.elapsedMs,
    machine: `${kernels.numThreads} threads of ${cpus()[0]?.model ?? 'an unknown processor'}, Node ${process.versions.node}`,
    samples: await samplesOf(kernels, model, options, data, sources),
  });
  tf.dispose(variables);
  await writeFile(join(options.out, 'README.md'), card);
  return heldOutBits[0] ?? NaN;
}

/** What the model makes of beginnings of texts, and of questions if it chats. */
async function samplesOf(
  kernels: TrainingKernels,
  model: Gpt2,
  { out, seed }: TrainOptions,
  { encoder, chats }: TrainingData,
  sources: readonly Source[],
): Promise<ShownSample[]> {
  const tokenizer = await Tokenizer.load(out);
  const prompts = promptsOf(sources, NUM_SAMPLES);
  const questions = chats ? questionsOf(sources, NUM_SAMPLES) : [];
  const promptIds = [
    ...prompts.map((prompt) => encoder.encode(prompt)),
    ...questions.map((question) => encodeQuestion(encoder, question)),
  ];
  const endTokenIds = new Set([encoder.endOfTextId, ...(chats ? [encoder.specialId(END_OF_TURN)] : [])]);
  const samples = drawSamples(kernels, model, promptIds, endTokenIds, seed);
  return samples.map(({ promptIds: said, drawnIds }, index) => {
    const question = questions[index - prompts.length];
    return { question, text: tokenizer.decode(question === undefined ? [...said, ...drawnIds] : drawnIds) };
  });
}

/** Nats a token become bits a byte by the mean length of a token of the training text. */
function lossPoints(state: TrainingState, data: TrainingData): LossPoint[] {
  const bitsPerByteOfNats = data.tokens.length / data.numTrainingBytes / Math.LN2;
  return state.history.flatMap(({ step, trainingLoss, heldOutBitsPerByte: heldOut }) => [
    { step, bitsPerByte: trainingLoss * bitsPerByteOfNats, series: 'training, with dropout' as const },
    { step, bitsPerByte: heldOut, series: 'held out' as const },
  ]);
}

function bestStep(state: TrainingState): number {
  const [first, ...others] = state.history;
  const best = others.reduce(
    (lowest, point) => (point.heldOutBitsPerByte < (lowest?.heldOutBitsPerByte ?? Infinity) ? point : lowest),
    first,
  );
  return best?.step ?? state.step;
}
