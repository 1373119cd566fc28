import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { openApiDocument } from '../routes/openapi-document.ts';

/** Writes openapi.yaml from the routes and their zod schemas; with `--check` it only says whether the file is up to date. */

// As a source file one folder below the root, compiled two.
const root = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url);
const path = fileURLToPath(new URL('openapi.yaml', root));
const header = '# Generated from routes by `npm run openapi`; do not edit.\n';
const text = header + stringify(openApiDocument(), { aliasDuplicateObjects: false, lineWidth: 100 });

if (process.argv.includes('--check')) {
  const current = await readFile(path, 'utf8').catch(() => '');
  if (current !== text) {
    process.stderr.write('openapi.yaml is stale: run `npm run openapi` and commit the result\n');
    process.exitCode = 1;
  }
} else {
  await writeFile(path, text);
}
