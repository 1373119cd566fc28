import type { JSX } from 'preact';
import { Causal, Dropout, MultiHead, Simple, Trainable } from './attention-parts.tsx';
import { ContextCost } from './context-cost.tsx';
import { PaddedBatch } from './padded-batch.tsx';

/** Attention from part to part, after Giles Thomas's series, with the book's six tokens and live numbers. */
export function Series(): JSX.Element {
  return (
    <div class="series">
      <p>
        Attention is built here piece by piece, in the order of Giles Thomas's series{' '}
        <cite>Writing an LLM from scratch</cite>. Each table is computed in your browser from six tokens of
        three numbers, and its numbers are those that the book prints.
      </p>
      <Simple />
      <Trainable />
      <Causal />
      <Dropout />
      <PaddedBatch />
      <MultiHead />
      <ContextCost />
    </div>
  );
}
