import { Parser } from 'htmlparser2';

interface XmlHandler {
  open?(name: string, attributes: Readonly<Record<string, string>>): void;
  text?(text: string): void;
  close?(name: string): void;
}

/** Reads an XML file of an archive from front to back. It resolves no entity but those of XML itself. */
export function readXml(bytes: Uint8Array | undefined, handler: XmlHandler): void {
  if (bytes === undefined) return;
  const parser = new Parser(
    {
      onopentag: (name, attributes) => handler.open?.(name, attributes),
      ontext: (text) => handler.text?.(text),
      onclosetag: (name) => handler.close?.(name),
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.end(new TextDecoder().decode(bytes));
}
