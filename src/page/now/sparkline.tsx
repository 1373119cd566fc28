import type { JSX } from 'preact';

interface SparklineProps {
  title: string;
  /** The latest last. */
  values: readonly number[];
  digits: number;
}

const WIDTH = 240;
const HEIGHT = 48;

/** The course of a quantity, and its latest value. */
export function Sparkline({ title, values, digits }: SparklineProps): JSX.Element {
  const latest = values.at(-1);
  const largest = Math.max(...values, 1e-9);
  // A single value is a level line.
  const drawn = values.length === 1 ? [...values, ...values] : values;
  const points = drawn.map((value, index) => {
    const x = (WIDTH * index) / (drawn.length - 1);
    return `${x.toFixed(1)},${(HEIGHT - 1 - ((HEIGHT - 2) * value) / largest).toFixed(1)}`;
  });
  return (
    <div class="sparkline">
      <div>
        <span class="quiet">{title}</span>{' '}
        <strong>{latest === undefined ? '–' : latest.toFixed(digits)}</strong>
      </div>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
        <polyline points={points.join(' ')} />
      </svg>
    </div>
  );
}
