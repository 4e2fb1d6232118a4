import { renderToString } from 'react-dom/server';
import { App } from './App.jsx';

/** `start` is `{ builds, cursor }`: what to show, and the id of the last event that is in it. */
export function render(start) {
  return renderToString(<App start={start} />);
}
