import { render as renderApp } from 'svelte/server';
import App from './App.svelte';

/** `start` is `{ builds, cursor }`: what to show, and the id of the last event that is in it. */
export function render(start) {
  return renderApp(App, { props: { start } }).body;
}
