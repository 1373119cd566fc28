import Table from 'cli-table3';
import type { ModelDescription } from './describe-model.ts';
import { formatBytes } from './byte-progress.ts';
import type { Manifest } from './manifest.ts';
import type { StoredModel } from './model-store.ts';

/** A stored model and what its headers say; what is wrong with it when they cannot be read. */
export interface ListedModel extends StoredModel {
  readonly description?: ModelDescription;
  readonly problem?: string;
}

/** No colours, no lines between rows. */
const PLAIN = { head: [], border: [], compact: true };
const REVISION_DIGITS = 12;

/** `tokenflare list` for a terminal. */
export function formatModelList(models: readonly ListedModel[]): string {
  const table = new Table({
    head: ['id', 'architecture', 'format', 'size', 'revision', 'pulled'],
    style: PLAIN,
  });
  for (const { id, description, problem, sizeBytes, revision, pulledAt } of models) {
    table.push([
      id,
      description?.architecture ?? '?',
      description?.format ?? (problem === undefined ? '?' : 'cannot be read'),
      formatBytes(sizeBytes),
      revision?.slice(0, REVISION_DIGITS) ?? '-',
      pulledAt === undefined ? '-' : minutesOf(pulledAt),
    ]);
  }
  return `${table.toString()}\n`;
}

/** `tokenflare show ID` for a terminal. */
export function formatModel(
  model: StoredModel,
  description: ModelDescription,
  files: Manifest['files'] | undefined,
): string {
  const {
    architecture,
    contextLength,
    dim,
    numLayers,
    numHeads,
    numKvHeads,
    vocabSize,
    numParameters,
    format,
  } = description;
  const rows: [string, string | number | undefined][] = [
    ['id', model.id],
    ['architecture', architecture],
    ['parameters', `${(numParameters / 1e6).toFixed(2)} M`],
    ['context', contextLength],
    ['layers', numLayers],
    ['width', dim],
    [
      'heads',
      numHeads === numKvHeads ? numHeads : `${numHeads ?? '?'}, ${numKvHeads ?? '?'} for keys and values`,
    ],
    ['vocabulary', vocabSize],
    ['weights', format],
    ['tokenizer', description.tokenizer ?? 'none'],
    ['chat template', description.hasChatTemplate ? 'yes' : 'no'],
    ['size', formatBytes(model.sizeBytes)],
    ['path', model.path],
    ['revision', model.revision ?? 'not pulled'],
    ['pulled', model.pulledAt === undefined ? undefined : minutesOf(model.pulledAt)],
  ];
  const lines = rows.flatMap(([name, value]) => (value === undefined ? [] : `${name.padEnd(14)} ${value}\n`));
  const fileLines = (files ?? []).map(
    ({ path, size, sha256 }) => `  ${formatBytes(size).padStart(10)}  ${sha256}  ${path}\n`,
  );
  return [...lines, ...(fileLines.length === 0 ? [] : ['files, with SHA-256\n', ...fileLines])].join('');
}

/** `2026-08-01 12:30`, in UTC. */
function minutesOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
