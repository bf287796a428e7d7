import { systemRandom } from '../kernel/random.ts'
import { createMemoryStore } from './memory-store.ts'
import { storeSuite } from './store-suite.ts'

storeSuite('memory store', async () => createMemoryStore({ random: systemRandom }))
