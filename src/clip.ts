/** Characters of a client's value that are shown again. */
export const MAX_ECHO_LENGTH = 200;

const HIGH_SURROGATE = /[\uD800-\uDBFF]$/;

/**
 * A value of a request as messages, log lines, headers and labels show it: its first characters, with an ellipsis in
 * place of the rest. A client may send a megabyte where a name belongs.
 */
export function clip(value: string): string {
  if (value.length <= MAX_ECHO_LENGTH) return value;
  return `${value.slice(0, MAX_ECHO_LENGTH - 1).replace(HIGH_SURROGATE, '')}…`;
}
