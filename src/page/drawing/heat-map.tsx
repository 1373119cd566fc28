import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { useWidth } from './use-width.ts';

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

/** Of a few tokens the squares would grow out of proportion. */
const MAX_CELL = 33;
/** So high are all rows together, unless their labels need more. */
const MAX_HEIGHT = 480;
/** Where squares are smaller, their labels would lie on each other: only those of the pointed square are there. */
const LEAST_LABELLED_CELL = 13;
/** Room for labels, which are cut to some twelve letters. */
const MARGIN = 84;
const MAX_LETTERS = 11;
/** By how much the label of the last column leans over the edge. */
const OVERHANG = 36;

/** Weights as squares: the darker, the larger. Rows are what looks, columns what is looked at. */
export function HeatMap({ title, values, labels, pointed, onPoint }: HeatMapProps): JSX.Element {
  const container = useRef<HTMLDivElement>(null);
  const wanted = MARGIN + OVERHANG + LEAST_LABELLED_CELL * labels.length;
  const width = useWidth(container, wanted);
  const largest = Math.min(MAX_CELL, Math.max(LEAST_LABELLED_CELL, MAX_HEIGHT / labels.length));
  const cell = Math.min(largest, Math.max(1, (width - MARGIN - OVERHANG) / labels.length));
  const size = MARGIN + cell * labels.length;
  const isLabelled = (index: number, at: number | undefined): boolean =>
    cell >= LEAST_LABELLED_CELL || index === at;
  return (
    <div class="heat-map" ref={container} style={{ 'flex-basis': `${wanted}px` }}>
      <svg width={size + OVERHANG} height={size} role="img" aria-label={title}>
        {labels.map((label, index) => (
          <Labels
            key={index}
            label={shortened(label)}
            start={MARGIN + cell * index}
            cell={cell}
            ofRow={isLabelled(index, pointed?.row)}
            ofColumn={isLabelled(index, pointed?.column)}
          />
        ))}
        {values.flatMap((line, row) =>
          line.map((value, column) => (
            <rect
              key={`${row},${column}`}
              class={row === pointed?.row && column === pointed.column ? 'cell pointed' : 'cell'}
              x={MARGIN + cell * column}
              y={MARGIN + cell * row}
              width={cell - 1}
              height={cell - 1}
              style={{ '--share': value.toFixed(4) }}
              data-value={value.toFixed(4)}
              onMouseEnter={() => onPoint({ row, column })}
            />
          )),
        )}
      </svg>
    </div>
  );
}

interface LabelsProps {
  label: string;
  /** Where its row and its column begin. */
  start: number;
  cell: number;
  ofRow: boolean;
  ofColumn: boolean;
}

function Labels({ label, start, cell, ofRow, ofColumn }: LabelsProps): JSX.Element {
  const baseline = start + cell / 2 + 4;
  return (
    <>
      {ofRow && (
        <text x={MARGIN - 6} y={baseline} text-anchor="end">
          {label}
        </text>
      )}
      {ofColumn && <text transform={`translate(${baseline} ${MARGIN - 6}) rotate(-60)`}>{label}</text>}
    </>
  );
}

/** White space is shown: it is part of a token. */
export function shortened(label: string): string {
  const shown = label.replaceAll(' ', '·').replaceAll('\n', '⏎');
  return shown.length > MAX_LETTERS ? `${shown.slice(0, MAX_LETTERS - 1)}…` : shown;
}
