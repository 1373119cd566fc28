import * as z from 'zod';

/** What `toMarkdown` takes and answers, by a Worker's binding (workerd, to-markdown-api.ts) and by Cloudflare's REST API. */

const MAX_NAME_LENGTH = 1024;
/** Of a request; what reads it refuses more (src/markdown/upload.ts). */
const MAX_FILES = 100;
const MAX_OPTION_LENGTH = 2048;

const language = z
  .enum(['en', 'it', 'de', 'es', 'fr', 'pt'])
  .optional()
  .meta({ description: 'Without effect: no model here describes images.' });

const notConverted = z
  .literal(false, { error: 'must be false, or left out: no model here describes images' })
  .optional()
  .meta({ description: 'Only false is taken: no model here describes images.' });

const embeddedImageFields = {
  convert: notConverted,
  descriptionLanguage: language,
  maxConvertedImages: z.int().min(0).optional().meta({ description: 'Without effect.' }),
};
const embeddedImagesSchema = z.strictObject(embeddedImageFields).meta({ id: 'MarkdownEmbeddedImages' });

const text = z.string().min(1).max(MAX_OPTION_LENGTH).optional();

export const conversionOptionsSchema = z
  .strictObject({
    output: z
      .strictObject({
        format: z
          .enum(['markdown', 'text'])
          .optional()
          .meta({ description: 'Text: Markdown without its marks.' }),
      })
      .optional(),
    html: z
      .strictObject({
        images: z.strictObject({ ...embeddedImageFields, convertOGImage: notConverted }).optional(),
        hostname: text.meta({ description: 'What links without a host are relative to.' }),
        cssSelector: text.meta({ description: 'Only the elements that it selects are converted.' }),
      })
      .optional(),
    docx: z.strictObject({ images: embeddedImagesSchema.optional() }).optional(),
    image: z.strictObject({ descriptionLanguage: language }).optional(),
    pdf: z
      .strictObject({
        images: embeddedImagesSchema.optional(),
        metadata: z.boolean().optional().meta({ description: 'Whether they stand first.', default: true }),
      })
      .optional(),
  })
  .meta({ id: 'MarkdownConversionOptions' });

export type ConversionOptionsInput = z.output<typeof conversionOptionsSchema>;

const name = z.string().max(MAX_NAME_LENGTH);

/** A body of the binding; each file has its bytes as `data`. */
const bindingBody = <Data extends z.ZodType>(data: Data) =>
  z.strictObject({
    files: z
      .array(
        z.strictObject({
          name,
          mimeType: z.string().max(MAX_NAME_LENGTH).meta({
            description:
              'Without one, or as application/octet-stream, the name and the bytes say what it is.',
          }),
          data,
        }),
      )
      .meta({ override: { maxItems: MAX_FILES } }),
    options: z.looseObject({ conversionOptions: conversionOptionsSchema.optional() }).optional().meta({
      description:
        "Any JSON object with options of Cloudflare's, such as `gateway`, which mean nothing here.",
    }),
  });

const BASE64 = /^[A-Za-z\d+/]*={0,2}$/;

/** As it is sent. */
export const toMarkdownRequestSchema = bindingBody(
  z.string().regex(BASE64).meta({ description: 'Base64.' }),
).meta({
  id: 'ToMarkdownRequest',
});

/** As it is read, with the index of its bytes in the place of each `data` (src/markdown/upload.ts). */
export const readRequestSchema = bindingBody(z.int('must be a text in base64'));

/** A form as it is read, with the index of a file's bytes. */
export const readFormSchema = z.strictObject({
  parts: z.array(
    z.union([
      z.strictObject({ field: z.string(), value: z.string() }),
      z.strictObject({ field: z.string(), name, mimeType: z.string().max(MAX_NAME_LENGTH), data: z.int() }),
    ]),
  ),
});

/** A form as it is sent, for the document. */
export const toMarkdownFormSchema = z
  .object({
    files: z
      .array(z.string().meta({ format: 'binary' }))
      .meta({ description: 'Files; the field may be called `files[]` as well.' }),
    conversionOptions: z.string().optional().meta({ description: 'MarkdownConversionOptions as JSON.' }),
  })
  .meta({ id: 'ToMarkdownForm' });

const envelope = {
  success: z.literal(true),
  errors: z.array(z.never()),
  messages: z.array(z.string()),
};

const head = {
  id: z.string(),
  name: z.string(),
  mimeType: z.string().meta({ description: 'What the file was taken for.' }),
};

export const toMarkdownResponseSchema = z
  .object({
    result: z.array(
      z.union([
        z.object({
          ...head,
          format: z.enum(['markdown', 'text']),
          tokens: z.int().meta({ description: 'An estimate: a token for each four characters.' }),
          data: z.string(),
        }),
        z.object({ ...head, format: z.literal('error'), error: z.string() }),
      ]),
    ),
    ...envelope,
  })
  .meta({ id: 'ToMarkdownResponse' });

export type ToMarkdownBody = z.output<typeof toMarkdownResponseSchema>;

export const supportedResponseSchema = z
  .object({ result: z.array(z.object({ extension: z.string(), mimeType: z.string() })), ...envelope })
  .meta({ id: 'MarkdownFormats' });

/** What stands around a result of either API. */
export const toEnvelopeOf = <Result>(
  result: Result,
): { result: Result; success: true; errors: never[]; messages: string[] } => ({
  result,
  success: true,
  errors: [],
  messages: [],
});
