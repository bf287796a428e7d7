import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BufferSource, Input, WEBM } from 'mediabunny'
import sharp from 'sharp'
import type { Metadata } from 'sharp'
import { DEMO_IDS, DEMO_PICTURES } from '../../contract/demo-ids.ts'
import { drawAsset } from './drawings.ts'
import { letterPath } from './letters.ts'
import { document } from './scenes.ts'

describe('the drawings', () => {
  for (const id of DEMO_IDS) {
    it(`${id} is the same each time, and another in version 2`, async () => {
      const [one, same, two] = await Promise.all([
        drawAsset(id, 1),
        drawAsset(id, 1),
        drawAsset(id, 2),
      ])
      assert.ok(one.equals(same))
      assert.ok(!one.equals(two))
    })
  }

  it('are what they say: alpha, palette, CMYK, sixteen bits, EXIF', async () => {
    assert.equal((await metadataOf('glass')).hasAlpha, true)
    assert.equal((await metadataOf('flat1')).isPalette, true)
    assert.equal((await metadataOf('print')).space, 'cmyk')
    assert.equal((await metadataOf('deep-colour')).depth, 'ushort')
    assert.equal((await metadataOf('upright')).orientation, 6)
  })

  it('version 1 and 2 differ by far more than noise where there is colour', async () => {
    for (const id of DEMO_PICTURES) {
      const [one, two] = await Promise.all([1, 2].map((version) => thumbnail(id, version)))
      const far = one!.filter((value, at) => Math.abs(value - two![at]!) > 40).length
      assert.ok(far > one!.length / 50, `${id}: ${far} of ${one!.length}`)
    }
  })

  it('the film is a real video of 24 frames', async () => {
    const source = new BufferSource(await drawAsset('clip', 1))
    const input = new Input({ formats: [WEBM], source })
    const track = await input.getPrimaryVideoTrack()
    assert.equal(await track?.getCodec(), 'vp8')
    const stats = await track?.computePacketStats()
    assert.equal(stats?.packetCount, 24)
  })

  it('letters need no font: the version is drawn as squares', async () => {
    const path = letterPath([{ text: 'i', x: 0, y: 0, cell: 10 }])
    const svg = document(50, 70, `<path d="${path}"/>`)
    const { data } = await sharp(Buffer.from(svg))
      .flatten({ background: '#fff' })
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true })
    const rows = Array.from({ length: 7 }, (_, row) => {
      const cells = Array.from(
        { length: 5 },
        (__, column) => data[(row * 10 + 5) * 50 + column * 10 + 5],
      )
      return cells.map((value) => (value === 0 ? '#' : '.')).join('')
    })
    assert.deepEqual(rows, ['..#..', '.....', '.##..', '..#..', '..#..', '..#..', '.###.'])
  })
})

async function metadataOf(id: (typeof DEMO_PICTURES)[number]): Promise<Metadata> {
  return sharp(await drawAsset(id, 1)).metadata()
}

async function thumbnail(id: (typeof DEMO_PICTURES)[number], version: number): Promise<Uint8Array> {
  return sharp(await drawAsset(id, version))
    .rotate()
    .toColourspace('srgb')
    .flatten({ background: '#fff' })
    .resize(40, 40, { fit: 'fill' })
    .raw()
    .toBuffer()
}
