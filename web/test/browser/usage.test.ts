// The examples of docs/usage, each in a real page. In one file, for one browser.
import { discovered } from './usage/discover.js';
import { lowCode } from './usage/low-code.js';
import { rendered } from './usage/rendered.js';
import { swapped } from './usage/swapped.js';

rendered('react', 'server.jsx');
rendered('vue', 'server.js');
rendered('svelte', 'server.js');

swapped({ name: 'htmx 2', folder: 'htmx', script: ['/htmx.js', 'htmx2/dist/htmx.js'] });
swapped({ name: 'htmx 4', folder: 'htmx', script: ['/htmx.js', 'htmx.org/dist/htmx.js'] });

const turbo = { folder: 'turbo', script: ['/turbo.js', '@hotwired/turbo/dist/turbo.es2017-esm.js'], event: 'event.html' } as const;
swapped({ name: 'Turbo', ...turbo });
swapped({
  name: 'Turbo, with a permanent element',
  ...turbo,
  permanent: true,
  change: (html) => html.replace(' last-event-id="{{cursor}}"', ' id="live" data-turbo-permanent'),
});

lowCode();
discovered();
