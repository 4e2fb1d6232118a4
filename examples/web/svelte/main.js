import 'tidings';
import { hydrate } from 'svelte';
import App from './App.svelte';

const start = JSON.parse(document.querySelector('#start').textContent);
hydrate(App, { target: document.querySelector('#app'), props: { start } });
