/** The last place at or before an index where a space follows a letter or digit, and a letter follows it; -1: none. */
export function cutBefore(text: string, index: number): number {
  let cut = index;
  while (cut > 0 && !isCut(text, cut)) cut--;
  return cut > 0 ? cut : -1;
}

/** The first such place at or behind an index; -1: none. */
export function cutFrom(text: string, index: number): number {
  let cut = index;
  while (cut < text.length && !isCut(text, cut)) cut++;
  return cut < text.length ? cut : -1;
}

/** Where a space follows a letter or digit, and a letter follows it. */
export function isCut(text: string, index: number): boolean {
  return (
    text.charCodeAt(index) === 0x20 &&
    isLetter(text.charCodeAt(index + 1)) &&
    isLetterOrDigit(text.charCodeAt(index - 1))
  );
}

/** Of ASCII. */
const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;

/** Of ASCII. */
export const isLetterOrDigit = (code: number): boolean => isLetter(code) || (code >= 0x30 && code <= 0x39);
