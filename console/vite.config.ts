import optimizeLocales from '@react-aria/optimize-locales-plugin'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

const SPECTRUM_FONTS =
  /@react-spectrum\/s2\/dist\/private\/(Fonts\.mjs|font-faces\.css|font-faces_css\.mjs)$/

/**
 * Spectrum loads its typeface from another host. The console fetches nothing from elsewhere, so those modules are replaced
 * by empty ones; text then falls back to the system's typeface.
 */
function withoutOutsideFonts(): Plugin {
  return {
    name: 'without-outside-fonts',
    enforce: 'pre',
    load(id) {
      const path = id.split('?')[0] ?? id
      if (!SPECTRUM_FONTS.test(path)) return null
      if (path.endsWith('Fonts.mjs')) return 'export function Fonts() { return null }'
      return ''
    },
  }
}

export default defineConfig({
  plugins: [
    withoutOutsideFonts(),
    react(),
    { ...optimizeLocales.vite({ locales: ['en-US'] }), enforce: 'pre' },
  ],
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    target: ['chrome124', 'firefox128', 'safari17.5'],
    // A data: URL for a small file would need exceptions in the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
})
