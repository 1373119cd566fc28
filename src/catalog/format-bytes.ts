const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** For people, in powers of a thousand as the hub's pages have them: `1.23 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${UNITS[unit] ?? ''}`;
}
