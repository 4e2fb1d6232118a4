import { defineConfig } from 'vite';

export default defineConfig({
  // The worker is found beside the module: keep the package as it is while developing.
  optimizeDeps: { exclude: ['tidings'] },
  oxc: { jsx: { runtime: 'automatic' } },
});
