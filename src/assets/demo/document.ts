import { buffer } from 'node:stream/consumers'
// oxlint-disable-next-line import/no-named-as-default -- the types of pdfkit know the default export alone
import PDFDocument from 'pdfkit'
import { letterPath, lineWidth } from './letters.ts'
import type { Line } from './letters.ts'

/** A fixed date, so that a version's bytes are always the same. */
const MADE = new Date('2026-01-01T00:00:00Z')

const MARGIN = 60

/** The demo's document: two real pages, drawn without fonts. */
export function drawDocument(version: number): Promise<Buffer> {
  const document = new PDFDocument({
    size: 'A4',
    margin: MARGIN,
    info: { Title: `gspdf, version ${version}`, Author: 'Sluice', CreationDate: MADE },
  })
  const { width, height } = document.page
  const words = [
    ['gspdf', `version ${version}`, 'page 1 of 2'],
    ['gspdf', `version ${version}`, 'page 2 of 2'],
  ]
  for (const [at, texts] of words.entries()) {
    if (at > 0) document.addPage()
    document.rect(0, 0, width, height / 3).fill(version % 2 === 1 ? '#1f6feb' : '#c2410c')
    const lines = texts.map((text, row): Line => {
      const cell = (width - 2 * MARGIN) / lineWidth('version 000', 1)
      return { text, x: MARGIN, y: height * (0.1 + row * 0.3), cell }
    })
    document.path(letterPath(lines)).fill('#101010')
  }
  document.end()
  return buffer(document)
}
