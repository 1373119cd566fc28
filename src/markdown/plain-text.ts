/** Where escaped characters are while marks are taken away: letters that no script has. */
const PRIVATE_USE = 0xe000;
const ESCAPED = /\\([!-/:-@[-`{-~])/g;
const KEPT = /[\ue021-\ue07e]/g;

const FENCE = /^ {0,3}(?:`{3,}|~{3,})/;
const RULE = /^ {0,3}(?:(?:-[\t ]*){3,}|(?:_[\t ]*){3,}|(?:\*[\t ]*){3,})$/;

/** Marks of a line, and what stays of them; each looks at a bounded piece of text. */
const MARKS: readonly (readonly [mark: RegExp, kept: string])[] = [
  [/<\/?[a-z][^<>]{0,1000}>/gi, ''],
  [/!\[([^[\]]{0,1000})\]\([^()]{0,2000}\)/g, '$1'],
  [/\[([^[\]]{0,1000})\]\([^()]{0,2000}\)/g, '$1'],
  [/^(?: {0,3}> ?)+/g, ''],
  [/^ {0,3}#{1,6}(?: +|$)/g, ''],
  [/(\*{1,3}|~{2}|`{1,3})(?=\S)([^*~`]{1,1000})(?<=\S)\1/g, '$2'],
  [/(?<![\p{L}\p{N}])(_{1,3})(?=\S)([^_]{1,1000})(?<=\S)\1(?![\p{L}\p{N}])/gu, '$2'],
];

/** Markdown without its marks. The leaders of lists stay, and so do tables. */
export function toPlainText(markdown: string): string {
  const kept = markdown.replaceAll(ESCAPED, (_, mark: string) =>
    String.fromCharCode(PRIVATE_USE + mark.charCodeAt(0)),
  );
  let isCode = false;
  const lines = kept.split('\n').flatMap((line) => {
    if (FENCE.test(line)) {
      isCode = !isCode;
      return [];
    }
    if (isCode) return [line];
    return RULE.test(line) ? [] : [withoutMarks(line)];
  });
  return lines.join('\n').replaceAll(KEPT, (mark) => String.fromCharCode(mark.charCodeAt(0) - PRIVATE_USE));
}

/** From the outside in, since marks stand in one another. */
function withoutMarks(line: string): string {
  const once = (text: string): string =>
    MARKS.reduce((rest, [mark, kept]) => rest.replaceAll(mark, kept), text);
  return once(once(once(line)));
}
