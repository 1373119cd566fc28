/** The text that both begin with. */
export function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

/** The text that both end with. */
export function commonSuffix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a[a.length - 1 - length] === b[b.length - 1 - length]) {
    length++;
  }
  return a.slice(a.length - length);
}

/** A suffix that begins in the middle of a tag, from the tag's end on: tags end alike by chance. */
export const fromTagBoundary = (suffix: string): string => suffix.replace(/^[^<[{]*[>\]]/, '');

/** A prefix that ends in the middle of a tag, up to the tag. */
export const toTagBoundary = (prefix: string): string => prefix.replace(/<[^<>]*$/, '');
