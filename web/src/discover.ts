/** Where updates of a resource come from. */
export interface Discovered {
  /** The address of a stream of them, for SharedEventSource or the attribute `src`. */
  readonly url: string;
  /** The hub's address, without a topic. */
  readonly hub: string;
  /** The topic of the resource: its own word for it, or else its address. */
  readonly topic: string;
  /** The id after which updates are not in the resource yet; '' if the server does not say. */
  readonly lastEventId: string;
}

const link = /<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)/g;
const parameter = /;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))/g;

/** What an answer's `Link` headers say of its updates; undefined if they name no hub. */
export function discover({ headers, url: address }: Pick<Response, 'headers' | 'url'>): Discovered | undefined {
  let hub: string | undefined;
  let topic = address;
  let lastEventId = '';
  // Headers are bytes to a script, and ids are UTF-8.
  const text = new TextDecoder().decode(Uint8Array.from(headers.get('Link') ?? '', (byte) => byte.charCodeAt(0)));
  for (const [, target = '', more = ''] of text.matchAll(link)) {
    const said = new Map<string, string>();
    for (const [, name = '', quoted, plain] of more.matchAll(parameter)) {
      // The first of a name counts.
      if (!said.has(name.toLowerCase())) said.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
    }
    const relations = said.get('rel')?.toLowerCase().split(/\s+/) ?? [];
    if (relations.includes('self')) topic = target;
    if (hub !== undefined || !relations.includes('mercure')) continue;
    try {
      hub = new URL(target, address).href;
      lastEventId = said.get('last-event-id') ?? '';
    } catch {
      // No address: another may follow.
    }
  }
  if (hub === undefined) return undefined;
  const url = new URL(hub);
  url.searchParams.append('match', topic);
  return { url: url.href, hub, topic, lastEventId };
}
