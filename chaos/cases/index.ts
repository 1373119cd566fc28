import type { ChaosCase } from '../chaos-case.ts';
import { BATCH_CASES } from './batch.ts';
import { BODY_CASES } from './bodies.ts';
import { CHAT_CASES } from './chat.ts';
import { CONNECTION_CASES } from './connections.ts';
import { DOCUMENT_CASES } from './documents.ts';
import { ENGINE_CASES } from './engine.ts';
import { FAULT_CASES } from './faults.ts';
import { FLOOD_CASES } from './floods.ts';
import { FORMAT_CASES } from './formats.ts';
import { FUZZ_CASES } from './fuzz.ts';
import { GATEWAY_CASES } from './gateway.ts';
import { ISOLATION_CASES } from './isolation.ts';
import { KEY_CASES } from './keys.ts';
import { MODEL_CASES } from './models.ts';
import { ONE_REQUEST_CASES } from './one-request.ts';
import { OVERLOAD_CASES } from './overload.ts';
import { PROCESS_CASES } from './process.ts';
import { SERVICE_PROCESS_CASES } from './service-process.ts';
import { STORED_CASES } from './stored.ts';
import { TOOL_CASES } from './tools.ts';

/** Every case, in the order in which they run: first those that share a service. */
export const CASES: readonly ChaosCase[] = [
  ...ONE_REQUEST_CASES,
  ...FLOOD_CASES,
  ...CHAT_CASES,
  ...CONNECTION_CASES,
  ...ISOLATION_CASES,
  ...FORMAT_CASES,
  ...STORED_CASES,
  ...BATCH_CASES,
  ...GATEWAY_CASES,
  ...TOOL_CASES,
  ...DOCUMENT_CASES,
  ...BODY_CASES,
  ...FUZZ_CASES,
  ...OVERLOAD_CASES,
  ...ENGINE_CASES,
  ...PROCESS_CASES,
  ...FAULT_CASES,
  ...SERVICE_PROCESS_CASES,
  ...MODEL_CASES,
  ...KEY_CASES,
];
