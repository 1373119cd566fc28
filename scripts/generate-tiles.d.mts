/** The formats of panels for which there are tiles. */
export const TILE_FORMATS: string[];
/** The source of a function that multiplies so many rows by a panel of such a format. */
export function generateTile(formatName: string, numRows: number): string;
/** The source of `tiles.generated.ts`. */
export function generateTiles(): string;
