import { readXml } from './xml-events.ts';

/** What a part of an Office document names by an id: another part, or an address outside. */
export interface Relation {
  readonly id: string;
  /** The last word of its URI: `styles`, `hyperlink` and the like. */
  readonly type: string;
  readonly target: string;
}

export function readRelations(bytes: Uint8Array | undefined): Relation[] {
  const relations: Relation[] = [];
  readXml(bytes, {
    open: (name, { Id: id = '', Type: type = '', Target: target = '' }) => {
      if (name === 'Relationship') relations.push({ id, type: type.split('/').at(-1) ?? '', target });
    },
  });
  return relations;
}

/** The entry of the archive that a relation of a part in `folder` names. */
export const entryOf = (folder: string, target: string): string =>
  target.startsWith('/') ? target.slice(1) : `${folder}${target}`;
