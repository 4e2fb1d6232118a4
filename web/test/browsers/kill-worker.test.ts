import { killMatrix } from './kill.js';

killMatrix('worker');
