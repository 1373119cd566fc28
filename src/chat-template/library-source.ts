/**
 * A template as the library (0.5) reads it. The tag `generation` marks the assistant's own words for training; it changes
 * nothing that is written. Jinja reads every end of a line as one line feed. A plus in a tag keeps the white space before
 * or behind it, which the library does not know: it keeps what stands beside a printed value.
 */
export const toLibrarySource = (template: string): string =>
  template
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(RAW_BLOCK, printRaw)
    .replaceAll(/\{%([-+]?)\s*generation\s*([-+]?)%\}/g, '{%$1 if true $2%}')
    .replaceAll(/\{%([-+]?)\s*endgeneration\s*([-+]?)%\}/g, '{%$1 endif $2%}')
    .replaceAll('{%+', "{{ '' }}{%")
    .replaceAll('+%}', "%}{{ '' }}");

const RAW_BLOCK = /\{%([-+]?)\s*raw\s*(-?)%\}(.*?)\{%([-+]?)\s*endraw\s*([-+]?)%\}/gs;

/** A block `raw`, which the library does not know, as a printed string. White space is trimmed as jinja2 trims it. */
function printRaw(
  _block: string,
  before: string,
  trimsStart: string,
  body: string,
  end: string,
  after: string,
): string {
  let text = trimsStart === '' ? body : body.trimStart();
  if (end === '-') text = text.trimEnd();
  else if (end === '') text = text.replace(/\n[ \t]+$/, '\n');
  const escaped = text.replaceAll(/[\\']/g, '\\$&').replaceAll('\n', '\\n');
  // Cut between the signs of each tag: the replacements that follow must find no tag in the string.
  const apart = escaped.replaceAll(/[{%#+-](?=[{}%#+-])/g, "$&' ~ '");
  return `{%${before} if true %}{{ '${apart}' }}{% endif ${after}%}`;
}
