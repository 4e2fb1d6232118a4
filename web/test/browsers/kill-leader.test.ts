import { killMatrix } from './kill.js';

killMatrix('leader');
