/** Attributes whose value the browser may navigate to or load as a document or script. */
const urls = /^((form)?action|data|(xlink:)?href|src)$/i;

/** What lies at `path` ("a.b.0") in a JSON value; undefined if nothing does. Only own properties count. */
export function valueAt(json: unknown, path: string): unknown {
  let value = json;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** A JSON value as text to read: null is empty, objects and arrays stay JSON. */
export function plainText(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : `${value}`;
}

/** A JSON value as an attribute's value; null if the attribute is to be taken away, as for false. */
export function attributeText(value: unknown): string | null {
  if (value === null || value === false) return null;
  return value === true ? '' : plainText(value);
}

/** Whether an attribute, or property, may be given a value that came over the network: not where that would run as script. */
export function isSafeAttribute(name: string, value: string): boolean {
  if (/^(on|srcdoc$|(inn|out)erhtml$)/i.test(name)) return false;
  // As the URL parser reads it: blanks and control characters before it, tabs and line ends within, do not count.
  return !(urls.test(name) && /^javascript:/i.test(value.replace(/^[\0- ]+|[\t\n\r]/g, '')));
}
