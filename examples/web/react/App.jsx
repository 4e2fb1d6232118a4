import { useState } from 'react';
import { Builds } from './Builds.jsx';
import { Latest } from './Latest.jsx';
import { bearer } from './token.js';

export function App({ start }) {
  const [shown, show] = useState(true);
  return (
    <>
      <button onClick={() => show(!shown)}>{shown ? 'Hide' : 'Show'}</button>
      {shown && <Builds start={start} headers={start.token ? bearer : undefined} />}
      {shown && !start.token && <Latest />}
    </>
  );
}
