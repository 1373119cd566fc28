/** Attributes are made once for each list of values, since `EagerContext` converts each object once. */
export function once<K extends readonly (number | boolean)[], A>(make: (...key: K) => A): (...key: K) => A {
  const made = new Map<string, A>();
  return (...key) => {
    const name = key.join();
    let attributes = made.get(name);
    if (attributes === undefined) made.set(name, (attributes = make(...key)));
    return attributes;
  };
}
