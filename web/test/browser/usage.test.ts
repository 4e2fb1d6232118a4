// The examples of docs/usage, each in a real page. In one file, for one browser.
import { rendered } from './usage/rendered.js';

rendered('react', 'server.jsx');
rendered('vue', 'server.js');
rendered('svelte', 'server.js');
