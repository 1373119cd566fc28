import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Part } from './attention-parts.tsx';
import { readLengths } from './read-lengths.ts';
import { paddingCost } from './steps.ts';

const FIRST_LENGTHS = '6, 6, 6, 512';

/** What padding costs, for lengths that the reader chooses. */
export function PaddedBatch(): JSX.Element {
  const [text, setText] = useState(FIRST_LENGTHS);
  const lengths = readLengths(text);
  const { paddedPairs, usefulPairs, waste } = paddingCost(lengths);
  const longest = Math.max(1, ...lengths);
  return (
    <Part
      title="A padded batch, and its waste"
      words={
        <>
          <p>
            Many texts are computed at once. A tensor has no ragged edge, so shorter rows are filled up to the
            longest, and the fill is masked away. Attention then pays for rows × longest² pairs, whether they
            are there or not. This service lays the tokens of a step side by side in place of that, and
            reports what it still wastes.
          </p>
          <p>
            <label for="lengths">Tokens of each row</label>{' '}
            <input id="lengths" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
          </p>
        </>
      }
    >
      <svg
        class="bars"
        viewBox={`0 0 100 ${Math.max(1, lengths.length) * 6}`}
        role="img"
        aria-label="Rows and their padding"
      >
        {lengths.map((length, row) => (
          <g key={row}>
            <rect class="padding" x={0} y={row * 6} width={100} height={5} />
            <rect class="useful" x={0} y={row * 6} width={(100 * length) / longest} height={5} />
          </g>
        ))}
      </svg>
      <dl class="facts">
        <dt>Pairs that are computed</dt>
        <dd>{paddedPairs.toLocaleString('en')}</dd>
        <dt>Pairs that are there</dt>
        <dd>{usefulPairs.toLocaleString('en')}</dd>
        <dt>Wasted</dt>
        <dd>{(100 * waste).toFixed(1)} %</dd>
      </dl>
    </Part>
  );
}
