/**
 * A client's id has two parts, `group/member`. Groups share the service equally, and the members of a group share what
 * the group gets, so that a client which invents members gains nothing. Without API keys a group is an address and a
 * member is a key that came from it; a verified key is a group of its own.
 */
export const makeClientId = (group: string, member: string): string => `${group}/${member}`;

/** A request's id among those of its owner. Clients choose ids: two owners may choose the same. An id has no space in it. */
export const ownedId = (id: string, ownerId: string): string => `${id} ${ownerId}`;

/** The group of a client; an id without a slash is its own group. */
export function groupOf(clientId: string): string {
  const end = clientId.indexOf('/');
  return end === -1 ? clientId : clientId.slice(0, end);
}
