import { checkWire } from './wire-checks.mjs';
import { setup } from './check.mjs';

await checkWire(setup.url);
