import 'tidings';
import { hydrateRoot } from 'react-dom/client';
import { App } from './App.jsx';

const start = JSON.parse(document.querySelector('#start').textContent);
hydrateRoot(document.querySelector('#app'), <App start={start} />);
