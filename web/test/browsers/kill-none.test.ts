import { killMatrix } from './kill.js';

killMatrix('none');
