import { useState } from 'react';
import { Builds } from './Builds.jsx';
import { Latest } from './Latest.jsx';
import { bearer } from './token.js';
import { Watch } from './Watch.jsx';

export function App({ start }) {
  const [shown, show] = useState(true);
  const headers = start.token ? bearer : undefined;
  return (
    <>
      <button onClick={() => show(!shown)}>{shown ? 'Hide' : 'Show'}</button>
      {shown && <Builds start={start} headers={headers} />}
      {shown && <Watch headers={headers} />}
      {shown && !start.token && <Latest />}
    </>
  );
}
