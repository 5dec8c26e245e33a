import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { guide } from './scripts/guide.ts';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), guide()],
  build: {
    outDir: process.env.FZIP_WEB_OUT ?? 'dist',
    emptyOutDir: true,
    // The policy allows no data: addresses for images and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
  },
});
