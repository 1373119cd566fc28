import { readFileSync, writeFileSync } from 'node:fs';
import { withReference } from './cli-reference.ts';

/** `npm run cli-docs`: writes the help of all commands into docs/cli.md. */
const path = new URL('../../docs/cli.md', import.meta.url);
writeFileSync(path, await withReference(readFileSync(path, 'utf8')));
