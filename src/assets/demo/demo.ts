import type { AssetRow } from '../../store/store.ts'

/** The project that a first start makes, so that nobody needs a file to try. */
export interface Demo {
  readonly project: string
  /** Ids that `replace` knows. */
  readonly ids: readonly string[]
  /** Whether the project is one that `seed` made. */
  made(): Promise<boolean>
  /** Starts the small origin server behind `sample.li`, at the port that the project knows where it can. */
  startOrigin(): Promise<{ readonly port: number }>
  /**
   * Makes the project and draws what is missing of it; true when the project is new. A project that is there only follows where
   * the first edge and the origin server are now; what people changed stays.
   */
  seed(settings: DemoSettings): Promise<boolean>
  /** Puts the next version of a demo asset in, which bears its number; rejects with AssetsError for another id. */
  replace(id: string, by: string): Promise<AssetRow>
  /** Makes the origin server give the next version of its pictures; returns that version. */
  replaceOriginals(): number
  stop(): Promise<void>
}

export interface DemoSettings {
  /** Base URL of the first edge: the publish server of the demo. */
  readonly publishServer: string
}
