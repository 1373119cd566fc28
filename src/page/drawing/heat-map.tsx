import type { JSX } from 'preact';

export interface Cell {
  row: number;
  column: number;
}

interface HeatMapProps {
  title: string;
  /** [rows][columns], each from 0 to 1. */
  values: readonly (readonly number[])[];
  /** Of the rows, and of the columns. */
  labels: readonly string[];
  pointed: Cell | undefined;
  onPoint: (cell: Cell) => void;
}

const CELL = 22;
/** Room for labels, which are cut to some twelve letters. */
const MARGIN = 84;
const MAX_LETTERS = 11;
/** By how much the label of the last column leans over the edge. */
const OVERHANG = 36;
/** Of a few tokens it would grow out of proportion. */
const MAX_SCALE = 1.5;

/** Weights as squares: the darker, the larger. Rows are what looks, columns what is looked at. */
export function HeatMap({ title, values, labels, pointed, onPoint }: HeatMapProps): JSX.Element {
  const size = MARGIN + CELL * labels.length;
  const width = size + OVERHANG;
  return (
    <svg
      class="heat-map"
      viewBox={`0 0 ${width} ${size}`}
      style={{ 'max-width': `${MAX_SCALE * width}px` }}
      role="img"
      aria-label={title}
    >
      {labels.map((label, index) => (
        <g key={index}>
          <text x={MARGIN - 6} y={MARGIN + CELL * index + 15} text-anchor="end">
            {shortened(label)}
          </text>
          <text transform={`translate(${MARGIN + CELL * index + 15} ${MARGIN - 6}) rotate(-60)`}>
            {shortened(label)}
          </text>
        </g>
      ))}
      {values.flatMap((line, row) =>
        line.map((value, column) => (
          <rect
            key={`${row},${column}`}
            class={row === pointed?.row && column === pointed.column ? 'cell pointed' : 'cell'}
            x={MARGIN + CELL * column}
            y={MARGIN + CELL * row}
            width={CELL - 1}
            height={CELL - 1}
            style={{ '--share': value.toFixed(4) }}
            data-value={value.toFixed(4)}
            onMouseEnter={() => onPoint({ row, column })}
          />
        )),
      )}
    </svg>
  );
}

/** White space is shown: it is part of a token. */
export function shortened(label: string): string {
  const shown = label.replaceAll(' ', '·').replaceAll('\n', '⏎');
  return shown.length > MAX_LETTERS ? `${shown.slice(0, MAX_LETTERS - 1)}…` : shown;
}
