import * as Turbo from '@hotwired/turbo';
import 'tidings';

// Each event is one or more <turbo-stream> elements, as the application renders them.
document.addEventListener('sse', ({ detail }) => Turbo.renderStreamMessage(detail.data));

// Something is lost: the page anew, from what the server knows now.
document.addEventListener('sse:gap', () => Turbo.visit(location.href, { action: 'replace' }));
