/**
 * The value of a metric in Prometheus' text format: of the first line that has this name and, if given, this label.
 *
 * @param label as it is written: `quantile="0.99"`
 */
export function metricIn(text: string, name: string, label = ''): number | undefined {
  const line = text.split('\n').find((one) => /^[^{ ]+/.exec(one)?.[0] === name && one.includes(label));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}
