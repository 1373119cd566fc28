/** A table wider than this is told by its first columns. */
const MAX_COLUMNS = 1024;

/**
 * A cell's text in one line of a table, without the blanks around its lines. By parts: an expression that begins with blanks
 * tries each of a long run of them, which takes the square of their number.
 */
export const toCell = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('<br>');

/** A row of a table, of cells that `toCell` has made. */
export const tableRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** What stands between the first row of a table and the others. */
export const tableRule = (numColumns: number): string =>
  tableRow(Array.from({ length: numColumns }, () => '---'));

/** Rows as a table, the first of them as its head. Rows without a text are left out. */
export function toTable(rows: readonly (readonly string[])[]): string {
  const filled = rows.filter((row) => row.some((cell) => cell.trim() !== ''));
  const widest = filled.reduce((most, { length }) => Math.max(most, length), 0);
  const numColumns = Math.min(widest, MAX_COLUMNS);
  const lines = filled.map((row) =>
    tableRow(Array.from({ length: numColumns }, (_, column) => toCell(row[column] ?? ''))),
  );
  const [head, ...others] = lines;
  return head === undefined ? '' : [head, tableRule(numColumns), ...others].join('\n');
}
