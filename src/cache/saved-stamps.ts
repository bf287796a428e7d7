/** How stamps are kept on disk: a project, then SAVED_BYTES a stamp as base64: 8 of the key, 8 of the seq. */
export type SavedStamps = readonly [project: string, stamps: string]

export const OF_ALL_PROJECTS = ''

const SAVED_BYTES = 16
/** Stamps in one piece: a line of the saved state of a megabyte at most. */
const PIECE_STAMPS = 48_000
const PIECE_STAMPS_FIRST = 64

interface Piece {
  bytes: Buffer
  used: number
}

export class StampWriter {
  readonly #saved: SavedStamps[] = []
  readonly #open = new Map<string, Piece>()

  add(project: string, high: number, low: number, seq: number): void {
    const piece = this.#pieceOf(project)
    piece.bytes.writeInt32BE(high, piece.used)
    piece.bytes.writeInt32BE(low, piece.used + 4)
    piece.bytes.writeDoubleBE(seq, piece.used + 8)
    piece.used += SAVED_BYTES
    if (piece.used < PIECE_STAMPS * SAVED_BYTES) return
    this.#close(project, piece)
    this.#open.delete(project)
  }

  end(): readonly SavedStamps[] {
    for (const [project, piece] of this.#open) this.#close(project, piece)
    return this.#saved
  }

  /** Grows with what it holds: there may be thousands of projects with a stamp or two. */
  #pieceOf(project: string): Piece {
    let piece = this.#open.get(project)
    if (!piece) {
      piece = { bytes: Buffer.alloc(PIECE_STAMPS_FIRST * SAVED_BYTES), used: 0 }
      this.#open.set(project, piece)
    } else if (piece.used === piece.bytes.length) {
      piece.bytes = Buffer.concat([piece.bytes], piece.bytes.length * 2)
    }
    return piece
  }

  #close(project: string, { bytes, used }: Piece): void {
    this.#saved.push([project, bytes.toString('base64', 0, used)])
  }
}

export function eachSaved(
  stamps: string,
  take: (high: number, low: number, seq: number) => void,
): void {
  const bytes = Buffer.from(stamps, 'base64')
  for (let at = 0; at + SAVED_BYTES <= bytes.length; at += SAVED_BYTES)
    take(bytes.readInt32BE(at), bytes.readInt32BE(at + 4), bytes.readDoubleBE(at + 8))
}
