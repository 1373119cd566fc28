import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import type { Principal } from '../../access/principal.ts';
import { makeClientId } from '../../fairness/client-id.ts';
import { networkOf, plainAddress } from '../edge/client-address.ts';
import { identitySecret } from './identity-secret.ts';

/** What is known of who makes a request. */
export interface Identity {
  /** Of its address: see networkOf. */
  network: string;
  /** The key that came with it, valid or not. */
  presentedKey: string;
  principal: Principal;
}

/**
 * Who shares the service with whom (docs/decisions/0037-who-a-client-is.md). A valid key is a group, and the addresses
 * that use it are its members. Without one the address is the group, and what it presents as a key a member, since
 * any client can invent keys.
 */
export function clientIdOf({ network, presentedKey, principal }: Identity): string {
  if (principal.keyId !== undefined) return makeClientId(groupOfKey(principal.keyId), network);
  return makeClientId(network, presentedKey === '' ? '' : digestOf(`${network} ${presentedKey}`));
}

/** The client as a member of the group that a trusted proxy names; '': as one of its own. */
export const inFairnessGroup = (clientId: string, name: string): string =>
  name === '' ? clientId : makeClientId(`fair:${digestOf(name)}`, clientId);

/** Whose requests, and whose prompts in the prefix cache, are the same one's: a valid key's, from any address. */
export const ownerIdOf = ({ keyId }: Principal, clientId: string): string =>
  keyId === undefined ? clientId : groupOfKey(keyId);

/** In the place of a network, for what an application calls its client: an address, or any other name. */
export function networkOfClient(name: string): string {
  const address = plainAddress(name);
  return isIP(address) === 0 ? `client:${digestOf(name)}` : networkOf(address);
}

/** No network is written so. */
const groupOfKey = (keyId: string): string => `key:${keyId}`;

const digestOf = (text: string): string =>
  createHmac('sha256', identitySecret()).update(text).digest('base64url').slice(0, 16);
