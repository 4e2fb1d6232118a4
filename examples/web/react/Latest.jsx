import { useSse } from 'tidings/react';

/** The last event alone, for what shows no more than that. */
export function Latest() {
  const { event, state } = useSse('/.well-known/mercure?match=builds');
  return <p id="latest">{event ? JSON.parse(event.data).name : state}</p>;
}
