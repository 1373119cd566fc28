import type { Body } from './openai-bodies.ts';

const images = { convert: false, descriptionLanguage: 'en', maxConvertedImages: 1 };

/** Of the binding's `toMarkdown`, with each option. */
export const MARKDOWN_BODIES: readonly Body[] = [
  { files: [{ name: 'a.csv', mimeType: 'text/csv', data: 'YSxiCjEsMgo=' }] },
  {
    files: [{ name: 'a.html', mimeType: '', data: 'PGgxPkhpPC9oMT4=' }],
    options: {
      gateway: { id: 'a' },
      conversionOptions: {
        output: { format: 'text' },
        html: { images: { ...images, convertOGImage: false }, hostname: 'example.com', cssSelector: 'h1' },
        docx: { images },
        image: { descriptionLanguage: 'de' },
        pdf: { images, metadata: false },
      },
    },
  },
];
