import { createSSRApp } from 'vue';
import { renderToString } from 'vue/server-renderer';
import App from './App.vue';

/** `start` is `{ builds, cursor }`: what to show, and the id of the last event that is in it. */
export function render(start) {
  return renderToString(createSSRApp(App, { start }));
}
