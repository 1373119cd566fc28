import removeMarkdown from 'remove-markdown';

/** Where escaped characters are while marks are taken away: letters that no script has. */
const PRIVATE_USE = 0xe000;
const ESCAPED = /\\([!-/:-@[-`{-~])/g;
const KEPT = /[\ue021-\ue07e]/g;

/** Markdown without its marks; the leaders of lists stay. */
export function toPlainText(markdown: string): string {
  const kept = markdown.replaceAll(ESCAPED, (_, mark: string) =>
    String.fromCharCode(PRIVATE_USE + mark.charCodeAt(0)),
  );
  const text = removeMarkdown(kept, { stripListLeaders: false, gfm: true, useImgAltText: true });
  return text.replaceAll(KEPT, (mark) => String.fromCharCode(mark.charCodeAt(0) - PRIVATE_USE));
}
