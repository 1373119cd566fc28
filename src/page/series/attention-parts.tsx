import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { NumberTable } from '../drawing/number-table.tsx';
import { FIRST_WEIGHTS, INPUTS, LINEAR_WEIGHTS, TOKENS } from './book.ts';
import type { Matrix } from './matrix.ts';
import {
  causalSelfAttention,
  dropout,
  multiHeadAttention,
  ofLinearLayers,
  seededRandom,
  simpleSelfAttention,
  trainableSelfAttention,
} from './steps.ts';

/** One piece: words on the left, numbers on the right. */
export function Part({
  title,
  words,
  children,
}: {
  title: string;
  words: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <section class="part" aria-label={title}>
      <div>
        <h2>{title}</h2>
        {words}
      </div>
      <div class="figures">{children}</div>
    </section>
  );
}

function Weights({
  values,
  caption = 'Weights: a row for the token that looks',
}: {
  values: Matrix;
  caption?: string;
}): JSX.Element {
  return <NumberTable caption={caption} values={values} rowLabels={TOKENS} columnLabels={TOKENS} isTinted />;
}

function Contexts({ values }: { values: Matrix }): JSX.Element {
  return <NumberTable caption="Context: what each token becomes" values={values} rowLabels={TOKENS} />;
}

export function Simple(): JSX.Element {
  const { scores, weights, context } = simpleSelfAttention(INPUTS);
  return (
    <Part
      title="Self-attention without anything to train"
      words={
        <>
          <p>
            Each token is a list of numbers. Two tokens are alike when the products of their numbers add up to
            much: that sum is their score. All scores at once are one product of matrices, X Xᵀ.
          </p>
          <p>
            Softmax turns a row of scores into shares that sum to 1. A token's context is all tokens, mixed by
            its shares.
          </p>
        </>
      }
    >
      <NumberTable caption="The six tokens" values={INPUTS} rowLabels={TOKENS} digits={2} />
      <NumberTable caption="Scores: X Xᵀ" values={scores} rowLabels={TOKENS} columnLabels={TOKENS} />
      <Weights values={weights} />
      <Contexts values={context} />
    </Part>
  );
}

export function Trainable(): JSX.Element {
  const { weights, context } = trainableSelfAttention(INPUTS, FIRST_WEIGHTS);
  return (
    <Part
      title="Weights that are trained"
      words={
        <>
          <p>
            Three matrices give each token three roles: what it looks for (query), what it is (key), and what
            it says (value). Training changes them. They may have fewer numbers than the tokens: here three
            become two.
          </p>
          <p>
            Scores are divided by the root of the keys' width. Without that, wide keys give large scores, and
            softmax gives nearly all to one token.
          </p>
        </>
      }
    >
      <Weights values={weights} />
      <Contexts values={context} />
    </Part>
  );
}

export function Causal(): JSX.Element {
  const { weights, context } = causalSelfAttention(INPUTS, ofLinearLayers(LINEAR_WEIGHTS));
  return (
    <Part
      title="The causal mask"
      words={
        <p>
          A model that writes must not see what comes next. The scores of later tokens are set to minus
          infinity before softmax, which makes them exactly 0. A zero before softmax would not do: it would
          still take its share. So what comes later never changes what was computed before, and a service can
          keep it (the KV cache).
        </p>
      }
    >
      <Weights values={weights} />
      <Contexts values={context} />
    </Part>
  );
}

const FIRST_SEED = 123;

export function Dropout(): JSX.Element {
  const [rate, setRate] = useState(0.5);
  const [seed, setSeed] = useState(FIRST_SEED);
  const { weights } = causalSelfAttention(INPUTS, ofLinearLayers(LINEAR_WEIGHTS));
  const dropped = dropout(weights, rate, seededRandom(seed));
  return (
    <Part
      title="Dropout, as training sees it"
      words={
        <>
          <p>
            In training, some weights are left out at random, so that no token relies on a single other. Those
            that stay grow by 1 / (1 − rate): at one half they double. A service that answers drops nothing:
            the same request gives the same bytes.
          </p>
          <p>
            <label for="dropout-rate">Rate: {rate.toFixed(1)}</label>{' '}
            <input
              id="dropout-rate"
              type="range"
              min={0}
              max={0.9}
              step={0.1}
              value={rate}
              onInput={({ currentTarget }) => setRate(Number(currentTarget.value))}
            />{' '}
            <button type="button" onClick={() => setSeed(seed + 1)}>
              Draw again
            </button>
          </p>
        </>
      }
    >
      <Weights values={dropped} caption="What training sees of the weights" />
    </Part>
  );
}

/** Two heads of two numbers each, from the weights of both of the book's examples; the projection mixes them evenly. */
const TWO_HEADS = (() => {
  const first = FIRST_WEIGHTS;
  const second = ofLinearLayers(LINEAR_WEIGHTS);
  const beside = (a: Matrix, b: Matrix): Matrix => a.map((row, index) => [...row, ...(b[index] ?? [])]);
  return {
    projections: {
      query: beside(first.query, second.query),
      key: beside(first.key, second.key),
      value: beside(first.value, second.value),
    },
    output: {
      weight: [
        [0.5, 0, 0],
        [0, 0.5, 0],
        [0.5, 0, 0.5],
        [0, 0.5, 0.5],
      ],
      bias: [0.1, -0.1, 0],
    },
  };
})();

export function MultiHead(): JSX.Element {
  const { heads, context } = multiHeadAttention(INPUTS, TWO_HEADS.projections, 2, TWO_HEADS.output);
  return (
    <Part
      title="Several heads, and the output projection"
      words={
        <>
          <p>
            One head only matches what it looks for with what tokens are. Several heads look for different
            things at once. Their matrices lie side by side as stripes of one, so that all heads are one
            product each for queries, keys and values.
          </p>
          <p>Their contexts are laid side by side again, and one more matrix with a bias mixes them.</p>
        </>
      }
    >
      {heads.map(({ weights }, head) => (
        <Weights key={head} values={weights} caption={`Head ${head + 1}`} />
      ))}
      <Contexts values={context} />
    </Part>
  );
}
