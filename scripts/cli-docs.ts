import { readFileSync, writeFileSync } from 'node:fs';
import { withReference } from './cli-reference.ts';
import { withSettings } from './settings-table.ts';

/** `npm run cli-docs`: writes the help of all commands into docs/cli.md, and all settings into docs/settings.md. */
const root = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url);
const cli = new URL('docs/cli.md', root);
writeFileSync(cli, await withReference(readFileSync(cli, 'utf8')));
const settings = new URL('docs/settings.md', root);
writeFileSync(settings, withSettings(readFileSync(settings, 'utf8')));
