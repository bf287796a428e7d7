import type { AssetRow } from '../../store/store.ts'

/** The project that a first start makes, so that nobody needs a file to try. */
export interface Demo {
  readonly project: string
  /** Draws the pictures and makes the project when it does not exist; else does nothing. True when it was made. */
  seed(settings: DemoSettings): Promise<boolean>
  /** Puts the next version (2, then 1 again …) of a demo asset in; rejects with AssetsError for another id. */
  replace(id: string, by: string): Promise<AssetRow>
  /** Ids that `replace` knows. */
  readonly ids: readonly string[]
  /** Starts the small origin server behind `sample.li` and points the project at it. */
  startOrigin(): Promise<{ readonly port: number }>
  /** Makes the origin server give the next version of its pictures; returns that version. */
  replaceOriginals(): number
  stop(): Promise<void>
}

export interface DemoSettings {
  /** Base URL of the first edge: the publish server of the demo. */
  readonly publishServer: string
}
