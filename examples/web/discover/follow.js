import { SharedEventSource } from 'tidings';
import { discover } from 'tidings/discover';

/** Shows what an address has now, then every change of it. The source is returned for who has to close it. */
export async function follow(address, show) {
  const response = await fetch(address);
  show(await response.json());
  const { url, lastEventId } = discover(response);
  const source = new SharedEventSource(url, { lastEventId });
  source.onmessage = ({ data }) => show(JSON.parse(data));
  return source;
}
