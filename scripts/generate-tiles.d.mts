/** The formats of panels for which there are tiles. */
export const TILE_FORMATS: string[];
/** How many rows are multiplied by how many panels. */
export const TILE_SIZES: { numRows: number; numPanels: number }[];
/** The source of a function that multiplies so many rows by a panel of such a format, or a row by so many. */
export function generateTile(formatName: string, numRows: number, numPanels?: number): string;
/** The source of `tiles.generated.ts`. */
export function generateTiles(): string;
