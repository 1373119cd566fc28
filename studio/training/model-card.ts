import { basename } from 'node:path';
import type { ModelConfig } from '../../src/model/model-config.ts';
import type { Source } from './corpus.ts';
import { isConversation } from './documents.ts';
import type { TrainOptions } from './train-options.ts';
import { SAMPLING } from './samples.ts';

/** A text with its prompt, or the answer to a question. */
export interface ShownSample {
  readonly question: string | undefined;
  readonly text: string;
}

export interface ModelCardFacts {
  readonly options: TrainOptions;
  readonly config: ModelConfig;
  readonly sources: readonly Source[];
  readonly numParameters: number;
  readonly weightBytes: number;
  readonly numTrainingTokens: number;
  readonly numHeldOutTokens: number;
  readonly numHeldOutBytes: number;
  /** Of windows side by side and of windows that overlap by half; or of documents. */
  readonly heldOutBits: readonly number[];
  readonly bestStep: number;
  readonly elapsedMs: number;
  readonly machine: string;
  readonly samples: readonly ShownSample[];
}

/** The README.md of a trained model: what it was made of, how, how good it is, and what it says. */
export function modelCard(facts: ModelCardFacts): string {
  const { options, config, sources, samples } = facts;
  const titles = sources.map(({ title }) => title);
  const chats = samples.some(({ question }) => question !== undefined);
  const seenTokens = options.numSteps * options.batchSize * config.contextLength;
  const percent = Number((options.heldOutFraction * 100).toFixed(2));
  const dtype = options.dtype === 'F16' ? 'half precision' : 'float32';
  return `---
pipeline_tag: text-generation
tags: [gpt2]
---

# A small GPT-2 of ${titles.length === 1 ? `“${titles[0] ?? ''}”` : `${titles.length} texts`}

${count(facts.numParameters)} parameters: ${config.numLayers} layer${config.numLayers === 1 ? '' : 's'}, ${config.numHeads} head${config.numHeads === 1 ? '' : 's'}, width ${config.dim}, context ${config.contextLength}, a byte-level BPE vocabulary of ${count(config.vocabSize)} tokens, the output head tied to the token embedding; ${(facts.weightBytes / 1e6).toFixed(1)} MB in ${dtype}. The architecture and the files are those of GPT-2 in Hugging Face's layout.

It has read ${titles.length === 1 ? 'this text' : 'these texts'} and ${options.from === undefined ? 'nothing else' : `what the model \`${basename(options.from)}\` had read, with which it began${options.meanWith === undefined ? '' : `, in the mean with \`${basename(options.meanWith)}\``}`}, and writes in that manner. ${chats ? 'It answers a user as the conversations of its corpus do: the chat template is in `tokenizer_config.json`, the tokens that end an answer in `generation_config.json`.' : 'It follows no instructions.'}

## Corpus

${options.corpusNote === '' ? 'Trained on:' : `${options.corpusNote}:`}

${sources.map((source) => `- ${describeSource(source)}`).join('\n')}

The last ${percent} % of each is held out: the tokenizer and the model have not seen it. ${count(facts.numTrainingTokens)} tokens are trained on, ${count(facts.numHeldOutTokens)} tokens (${count(facts.numHeldOutBytes)} bytes) held out.

## Training

\`\`\`
${commandOf(options)}
\`\`\`

${count(options.numSteps)} steps of ${options.sequences === 'documents' ? `documents of up to ${count(options.batchSize * config.contextLength)} tokens in all` : `${options.batchSize} sequences of ${config.contextLength} tokens`}, ${(seenTokens / facts.numTrainingTokens).toFixed(1)} passes over the text, in ${(facts.elapsedMs / 60_000).toFixed(0)} minutes on ${facts.machine}: ${((seenTokens / facts.elapsedMs) * 1000).toFixed(0)} tokens/s, other work on the same machine included. Dropout ${options.dropout} on embeddings, attention weights and both residual branches; AdamW, weight decay ${options.weightDecay} on matrices, gradient norm clipped at ${options.maxGradientNorm}; ${options.numWarmupSteps} steps of warm-up, then ${describeSchedule(options)}.

![Training and held-out loss](loss.svg)

## Held-out loss

| | bits per byte |
|---|---|
${heldOutRows(facts)}

Over the whole held-out text, ${options.sequences === 'documents' ? 'every token counted once but the first of a document' : 'every token counted once'}, measured with the weights as stored here: those of step ${count(facts.bestStep)}, the best on this text, which was looked at every ${options.evaluateEvery} steps.

## Samples

Unedited, the first draw of each prompt: temperature ${SAMPLING.temperature}, top-k ${SAMPLING.topK}, ${SAMPLING.numTokens} tokens, seed ${options.seed}.

${samples.map(showSample).join('\n\n---\n\n')}
`;
}

/** A book by its title; of documents how many there are, and what their maker says of them. */
function describeSource({ title, kind, training, heldOut, times, manifest }: Source): string {
  const read = times === 1 ? '' : `, read ${times} times in each pass`;
  if (kind === 'book') return `${title}${read}`;
  const documents = [...training, ...heldOut];
  const numConversations = documents.filter(isConversation).length;
  const amounts = [
    [documents.length - numConversations, 'texts'],
    [numConversations, 'conversations'],
  ] as const;
  const present = amounts
    .filter(([amount]) => amount > 0)
    .map(([amount, what]) => `${count(amount)} ${what}`);
  const counts = [...(manifest?.counts ?? [])].map(([name, value]) => `${name} ${count(value)}`);
  const said = [
    manifest?.description,
    counts.length > 0 ? `Counts of its maker: ${counts.join(', ')}.` : undefined,
  ];
  return [`${title}: ${present.join(' and ')}${read}.`, ...said].filter((part) => part).join(' ');
}

function heldOutRows({ options, config, heldOutBits }: ModelCardFacts): string {
  const names =
    options.sequences === 'documents'
      ? ['each document from its beginning']
      : [`windows of ${config.contextLength} tokens side by side`, 'windows that overlap by half'];
  return heldOutBits.map((bits, i) => `| ${names[i] ?? ''} | ${bits.toFixed(4)} |`).join('\n');
}

function describeSchedule({ schedule, numDecaySteps }: TrainOptions): string {
  return schedule === 'cosine'
    ? 'a cosine'
    : `a constant rate${numDecaySteps === 0 ? '' : `, which falls in the last ${numDecaySteps} steps`}`;
}

function showSample({ question, text }: ShownSample): string {
  const quoted = text.trimEnd().replace(/^/gm, '> ');
  return question === undefined ? quoted : `${question}\n\n${quoted}`;
}

/** The command that repeats the run, the corpus by its titles' files left to the reader. */
function commandOf(options: TrainOptions): string {
  const shape = [
    ['vocab-size', options.vocabSize],
    ['context', options.contextLength],
    ['dim', options.dim],
    ['layers', options.numLayers],
    ['heads', options.numHeads],
    ['initial', options.initial],
  ] as const;
  const flags = [
    ...(options.from === undefined ? shape : [['from', basename(options.from)] as const]),
    ...(options.meanWith === undefined ? [] : [['mean-with', basename(options.meanWith)] as const]),
    ['steps', options.numSteps],
    ['batch', options.batchSize],
    ['sequences', options.sequences],
    ['learning-rate', options.learningRate],
    ['schedule', options.schedule],
    ['decay-steps', options.numDecaySteps],
    ['warmup', options.numWarmupSteps],
    ['weight-decay', options.weightDecay],
    ['clip', options.maxGradientNorm],
    ['dropout', options.dropout],
    ['held-out', options.heldOutFraction],
    ['evaluate-every', options.evaluateEvery],
    ['seed', options.seed],
    ['dtype', options.dtype.toLowerCase()],
  ] as const;
  const lines = ['tokenflare train FILES --out DIR'];
  for (let i = 0; i < flags.length; i += 4) {
    lines.push(
      flags
        .slice(i, i + 4)
        .map(([name, value]) => `--${name} ${value}`)
        .join(' '),
    );
  }
  return lines.join(' \\\n  ');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
