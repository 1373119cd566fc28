/** Numbers of a script's flags; a bad one ends the script with a line that says what was wanted. */

export function wholeNumber(name: string, text: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const upTo = most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${most}`;
  return refuse(name, text, `a whole number from ${least} ${upTo}`);
}

export function share(name: string, text: string): number {
  const value = Number(text);
  return value >= 0 && value <= 1 ? value : refuse(name, text, 'a number from 0 to 1');
}

function refuse(name: string, text: string, wanted: string): never {
  process.stderr.write(`--${name} must be ${wanted}, not ${text}\n`);
  process.exit(1);
}
