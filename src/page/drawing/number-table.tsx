import type { JSX } from 'preact';
import { useMedia } from '../shell/use-media.ts';

interface NumberTableProps {
  caption: string;
  /** [rows][columns] */
  values: readonly (readonly number[])[];
  rowLabels?: readonly string[] | undefined;
  columnLabels?: readonly string[] | undefined;
  /** After the point; fewer on a phone, where more are cut at its edge. */
  digits?: number;
  /** Cells are tinted by their value, which is from 0 to 1. */
  isTinted?: boolean;
}

/** A matrix as a table: the numbers that a drawing stands for. */
export function NumberTable(props: NumberTableProps): JSX.Element {
  const { caption, values, rowLabels, columnLabels, isTinted = false } = props;
  const isNarrow = useMedia('(max-width: 40rem)');
  const digits = Math.min(props.digits ?? 4, isNarrow ? 2 : 4);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={caption}>
      <table class={isTinted ? 'numbers tinted' : 'numbers'}>
        <caption>{caption}</caption>
        {columnLabels !== undefined && (
          <thead>
            <tr>
              {rowLabels !== undefined && <td />}
              {columnLabels.map((label, index) => (
                <th key={index} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {values.map((line, row) => (
            <tr key={row}>
              {rowLabels !== undefined && <th scope="row">{rowLabels[row]}</th>}
              {line.map((value, column) => (
                <td key={column} style={isTinted ? { '--share': value.toFixed(3) } : {}}>
                  {value.toFixed(digits)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
