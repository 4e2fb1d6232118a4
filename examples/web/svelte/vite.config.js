import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  // The worker is found beside the module: keep the package as it is while developing.
  optimizeDeps: { exclude: ['tidings'] },
});
