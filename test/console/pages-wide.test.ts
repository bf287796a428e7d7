import { pagesSuite } from './pages-suite.ts'

pagesSuite({ width: 1280, dark: false })
