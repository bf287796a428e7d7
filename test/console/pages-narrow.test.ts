import { pagesSuite } from './pages-suite.ts'

pagesSuite({ width: 390, dark: true })
