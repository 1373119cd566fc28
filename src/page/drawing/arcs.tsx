import type { JSX } from 'preact';
import { shortened } from './heat-map.tsx';

interface ArcsProps {
  title: string;
  /** [queries][keys] */
  weights: readonly (readonly number[])[];
  tokens: readonly string[];
  /** The query whose arcs are drawn; all of them where there is none. */
  query: number | undefined;
  onQuery: (query: number | undefined) => void;
}

const LINE = 24;
const WIDTH = 420;
const LEFT = 120;
const RIGHT = WIDTH - 120;
/** Fainter ones are not drawn. */
const LEAST_WEIGHT = 0.02;

/** Each token on the left looks at tokens on the right: the thicker the line, the more it takes of them. */
export function Arcs({ title, weights, tokens, query, onQuery }: ArcsProps): JSX.Element {
  const height = LINE * tokens.length + 8;
  const middle = (index: number): number => LINE * index + LINE / 2 + 4;
  return (
    <svg
      class="arcs"
      viewBox={`0 0 ${WIDTH} ${height}`}
      role="img"
      aria-label={title}
      onMouseLeave={() => onQuery(undefined)}
    >
      {weights.flatMap((line, from) =>
        line.map((weight, to) => {
          if (weight < LEAST_WEIGHT || (query !== undefined && query !== from)) return null;
          const [y1, y2] = [middle(from), middle(to)];
          const bend = (LEFT + RIGHT) / 2;
          return (
            <path
              key={`${from},${to}`}
              class="arc"
              d={`M${LEFT} ${y1} C${bend} ${y1} ${bend} ${y2} ${RIGHT} ${y2}`}
              stroke-width={(6 * weight).toFixed(2)}
              stroke-opacity={(0.25 + 0.75 * weight).toFixed(2)}
            />
          );
        }),
      )}
      {tokens.map((token, index) => (
        <g key={index}>
          <text
            class={index === query ? 'pointed' : undefined}
            x={LEFT - 8}
            y={middle(index) + 5}
            text-anchor="end"
            onMouseEnter={() => onQuery(index)}
          >
            {shortened(token)}
          </text>
          <text x={RIGHT + 8} y={middle(index) + 5}>
            {shortened(token)}
          </text>
        </g>
      ))}
    </svg>
  );
}
