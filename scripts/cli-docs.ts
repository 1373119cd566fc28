import { readFileSync, writeFileSync } from 'node:fs';
import { withReference } from './cli-reference.ts';
import { withPromises } from './promises.ts';
import { withSettings } from './settings-table.ts';

/**
 * `npm run cli-docs`: writes what stands in code: the help of all commands into docs/cli.md, all settings into
 * docs/settings.md, and what is promised into SECURITY.md.
 */
const root = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url);
const cli = new URL('docs/cli.md', root);
writeFileSync(cli, await withReference(readFileSync(cli, 'utf8')));
const settings = new URL('docs/settings.md', root);
writeFileSync(settings, withSettings(readFileSync(settings, 'utf8')));
const security = new URL('SECURITY.md', root);
writeFileSync(security, withPromises(readFileSync(security, 'utf8')));
