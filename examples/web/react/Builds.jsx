import { useEffect, useState } from 'react';
import { SharedEventSource } from 'tidings';

/** The builds as the server rendered them, and every change since. `headers` is for those who have a token. */
export function Builds({ start, headers }) {
  const [{ builds, cursor }, restart] = useState(start);
  const [changes, change] = useState({});
  const [state, setState] = useState('idle');

  useEffect(() => {
    const source = new SharedEventSource('/.well-known/mercure?match=builds', { lastEventId: cursor, headers });
    source.onmessage = ({ data }) => {
      const { name, status } = JSON.parse(data);
      change((before) => ({ ...before, [name]: status }));
    };
    // Something is lost: all over again, from what the server knows now.
    source.addEventListener('gap', async () => {
      const response = await fetch('/builds');
      restart(await response.json());
    });
    source.addEventListener('sse:state', () => setState(source.state));
    return () => {
      source.close();
      change({});
    };
  }, [cursor, headers]);

  const all = Object.entries({ ...builds, ...changes });
  return (
    <section>
      <p id="state">{state}</p>
      <ul id="builds">{all.map(([name, status]) => <li key={name}>{`${name} ${status}`}</li>)}</ul>
    </section>
  );
}
