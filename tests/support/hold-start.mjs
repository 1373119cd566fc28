import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/**
 * Loaded before the engine process's own code, which waits until the file is there that `until` names: so long the model
 * loads.
 */
const path = new URL(import.meta.url).searchParams.get('until');
while (!existsSync(path)) await setTimeout(10);
