/** How a file is converted. */
export type Kind = 'text' | 'csv' | 'json' | 'xml' | 'html' | 'pdf' | 'docx' | 'xlsx' | 'ods' | 'odt';

interface Format {
  readonly extension: string;
  readonly mimeType: string;
  readonly kind: Kind;
}

const OFFICE = 'application/vnd.openxmlformats-officedocument';
const OPEN = 'application/vnd.oasis.opendocument';

/** In the order in which clients are told of them; of one type the first extension is its usual one. */
export const FORMATS: readonly Format[] = [
  { extension: '.pdf', mimeType: 'application/pdf', kind: 'pdf' },
  { extension: '.html', mimeType: 'text/html', kind: 'html' },
  { extension: '.htm', mimeType: 'text/html', kind: 'html' },
  { extension: '.xml', mimeType: 'application/xml', kind: 'xml' },
  { extension: '.docx', mimeType: `${OFFICE}.wordprocessingml.document`, kind: 'docx' },
  { extension: '.xlsx', mimeType: `${OFFICE}.spreadsheetml.sheet`, kind: 'xlsx' },
  { extension: '.xlsm', mimeType: 'application/vnd.ms-excel.sheet.macroenabled.12', kind: 'xlsx' },
  { extension: '.ods', mimeType: `${OPEN}.spreadsheet`, kind: 'ods' },
  { extension: '.odt', mimeType: `${OPEN}.text`, kind: 'odt' },
  { extension: '.csv', mimeType: 'text/csv', kind: 'csv' },
  { extension: '.tsv', mimeType: 'text/tab-separated-values', kind: 'csv' },
  { extension: '.json', mimeType: 'application/json', kind: 'json' },
  { extension: '.md', mimeType: 'text/markdown', kind: 'text' },
  { extension: '.txt', mimeType: 'text/plain', kind: 'text' },
];
