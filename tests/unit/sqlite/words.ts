import { SqliteFile } from '../../../src/sqlite/sqlite-file.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS words (number INTEGER PRIMARY KEY, word TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS words_by_text ON words (word);
`;

/** A file of SQLite with a list of words. */
export class Words {
  readonly path: string;
  /** Of damaged files. */
  readonly told: string[] = [];
  readonly #file: SqliteFile;

  constructor(path: string) {
    this.path = path;
    const onDamaged = (text: string): void => void this.told.push(text);
    this.#file = new SqliteFile(path, { schema: SCHEMA, busyMs: 1000, onDamaged });
  }

  /** @param beforeItsEnd called when the change is written in part, and not kept yet */
  add(words: readonly string[], beforeItsEnd = (): void => undefined): void {
    this.#file.change((database) => {
      for (const word of words) database.run('INSERT INTO words (word) VALUES (?)', [word]);
      beforeItsEnd();
    });
  }

  all(): string[] {
    const rows = this.#file.use((database) => database.all('SELECT word FROM words ORDER BY number'));
    return rows.map(({ word }) => word as string);
  }
}
