import { useEffect, useState } from 'react';

/** With the element. In the browser only: React gives no functions to elements that a server has rendered. */
export function Watch({ headers }) {
  const [name, setName] = useState('none');
  const [mounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  if (!mounted) return null;
  return (
    <>
      <event-source
        src="/.well-known/mercure?match=builds"
        headers={headers}
        onsse={({ detail }) => setName(detail.json.name)}
      ></event-source>
      <p id="watch">{name}</p>
    </>
  );
}
