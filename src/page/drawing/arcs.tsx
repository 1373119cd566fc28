import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { shortened } from './heat-map.tsx';
import { useWidth } from './use-width.ts';

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
const MAX_WIDTH = 560;
/** Room for labels on each side. */
const MARGIN = 90;
/** Fainter ones are not drawn. */
const LEAST_WEIGHT = 0.02;

/** Each token on the left looks at tokens on the right: the thicker the line, the more it takes of them. */
export function Arcs({ title, weights, tokens, query, onQuery }: ArcsProps): JSX.Element {
  const container = useRef<HTMLDivElement>(null);
  const width = Math.min(MAX_WIDTH, useWidth(container, MAX_WIDTH));
  const [left, right] = [MARGIN, width - MARGIN];
  const bend = width / 2;
  const middle = (index: number): number => LINE * index + LINE / 2 + 4;
  return (
    <div class="arcs" ref={container}>
      <svg
        width={width}
        height={LINE * tokens.length + 8}
        role="img"
        aria-label={title}
        onMouseLeave={() => onQuery(undefined)}
      >
        {weights.flatMap((line, from) =>
          line.map((weight, to) => {
            if (weight < LEAST_WEIGHT || (query !== undefined && query !== from)) return null;
            const [y1, y2] = [middle(from), middle(to)];
            return (
              <path
                key={`${from},${to}`}
                class="arc"
                d={`M${left} ${y1} C${bend} ${y1} ${bend} ${y2} ${right} ${y2}`}
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
              x={left - 8}
              y={middle(index) + 5}
              text-anchor="end"
              onMouseEnter={() => onQuery(index)}
            >
              {shortened(token)}
            </text>
            <text x={right + 8} y={middle(index) + 5}>
              {shortened(token)}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}
