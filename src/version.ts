import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from './package-root.ts';

const { version } = JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8')) as {
  version: string;
};

/** Of the service, as package.json has it. */
export const VERSION = version;
