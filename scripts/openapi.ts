import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { openApiDocument } from '../routes/openapi-document.ts';

/** Writes openapi.yaml from the routes and their zod schemas; with `--check` it only says whether the file is up to date. */

// As a source file one folder below the root, compiled two.
const root = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url);
const path = fileURLToPath(new URL('openapi.yaml', root));
const MAX_FLOW_LENGTH = 200;
const header = '# Generated from routes by `npm run openapi`; do not edit.\n';
const text = header + written(openApiDocument());

/** What is short stands in one line, and each list of names: a third of the document would be indentation. */
function written(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Collection: (_, node) => {
      const isList = isSeq(node) && node.items.every(isScalar);
      if (!isList && lengthOf(node) > MAX_FLOW_LENGTH) return undefined;
      node.flow = true;
      quote(node);
      return visit.SKIP;
    },
  });
  return document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false });
}

/** Parsers of YAML 1.1 take fewer texts without quotes in flow style. */
function quote(node: YAMLMap | YAMLSeq): void {
  visit(node, {
    Scalar: (_, scalar) => {
      const { value } = scalar;
      if (typeof value === 'string' && !/^[$\w][\w /.;()=-]*$/.test(value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
}

/** Of a node in flow style, about. */
function lengthOf(node: unknown): number {
  if (!isCollection(node)) return isNode(node) ? String(node).length : 0;
  const lengths = node.items.map((item) =>
    isMap(node) && isPair(item) ? lengthOf(item.key) + 2 + lengthOf(item.value) : lengthOf(item),
  );
  return lengths.reduce((sum, length) => sum + length + 2, 2);
}

if (process.argv.includes('--check')) {
  const current = await readFile(path, 'utf8').catch(() => '');
  if (current !== text) {
    process.stderr.write('openapi.yaml is stale: run `npm run openapi` and commit the result\n');
    process.exitCode = 1;
  }
} else {
  await writeFile(path, text);
}
