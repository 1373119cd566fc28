import { fixedBytes, LIST, STRING, type TypedValue } from './metadata-bytes.ts';

/**
 * Reads the texts of a file's metadata again. The parser (0.4) takes a byte order mark off a text's start, so that of
 * Gemma's vocabulary the token "\uFEFF" comes out empty and "\uFEFFusing" as a second "using"; and it cuts a text that
 * lies across the end of a range it fetched.
 *
 * @param metadata what the parser read of the pairs, by key, in the file's order; mended in place
 * @param bytes the pairs as they lie in the file
 */
export function restoreTexts(metadata: Record<string, TypedValue>, bytes: Buffer): void {
  let offset = 0;
  const nextText = (): string => {
    if (offset + 8 > bytes.length) return '';
    const start = offset + 8;
    offset = start + Number(bytes.readBigUInt64LE(offset));
    return bytes.toString('utf8', start, offset);
  };
  for (const [key, typed] of Object.entries(metadata)) {
    const { value, type, subType } = typed;
    // Where keys are used twice, or are numbers, the order is not the file's.
    if (nextText() !== key) return;
    offset += 4;
    if (type === STRING) {
      metadata[key] = { ...typed, value: nextText() };
    } else if (type === LIST && Array.isArray(value)) {
      offset += 12;
      if (subType === STRING) value.forEach((_, i) => (value[i] = nextText()));
      else offset += value.length * fixedBytes(subType);
    } else {
      offset += fixedBytes(type);
    }
  }
}
