import type { DemoPicture } from '../../contract/demo-ids.ts'
import { letterPath, lineHeight, lineWidth } from './letters.ts'
import type { Line } from './letters.ts'

/** What the demo's pictures show, as SVG without fonts. A version has its own colours, so that an old copy is seen from afar. */
export interface Scene {
  readonly width: number
  readonly height: number
  readonly svg: string
}

interface Canvas {
  readonly width: number
  readonly height: number
  /** Hue of the version, in degrees. */
  readonly hue: number
}

interface Recipe {
  readonly width: number
  readonly height: number
  /** Hue of version 1. */
  readonly hue: number
  readonly draw: (canvas: Canvas) => string
}

/** Between neighbouring versions: nearly the opposite colour, and no repeat for long. */
const HUE_STEP = 158

const RECIPES = {
  Backpack_B: { width: 1800, height: 2200, hue: 18, draw: backpack },
  spinset: { width: 2000, height: 2000, hue: 200, draw: fan },
  flat: { width: 1600, height: 1200, hue: 45, draw: fields },
  flat1: { width: 1600, height: 1200, hue: 130, draw: checks },
  'fine-text': { width: 2400, height: 1600, hue: 230, draw: pages },
  gradient: { width: 2000, height: 1500, hue: 290, draw: gradients },
  glass: { width: 1600, height: 1600, hue: 170, draw: glasses },
  portrait: { width: 1600, height: 2400, hue: 330, draw: face },
  upright: { width: 1500, height: 2000, hue: 100, draw: tower },
  print: { width: 1800, height: 1200, hue: 0, draw: fields },
  'deep-colour': { width: 1600, height: 1200, hue: 250, draw: gradients },
  harbour: { width: 2400, height: 900, hue: 210, draw: harbour },
} as const satisfies Record<DemoPicture, Recipe>

export function scene(id: DemoPicture, version: number, label = `version ${version}`): Scene {
  const { width, height, hue, draw } = RECIPES[id]
  const canvas = { width, height, hue: (hue + (version - 1) * HUE_STEP) % 360 }
  const inner = draw(canvas) + nameplate(canvas, id, label)
  return { width, height, svg: document(width, height, inner) }
}

export function document(width: number, height: number, inner: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${inner}</svg>`
}

/** The name, and the version in the largest letters that fit. */
export function nameplate(canvas: Canvas, name: string, label: string): string {
  const { width, height, hue } = canvas
  const large = Math.floor(
    Math.min((width * 0.8) / lineWidth(label, 1), (height * 0.16) / lineHeight(1)),
  )
  const small = Math.max(2, Math.floor(large * 0.6))
  const middle = height * 0.62
  const lines = [
    centred(name, small, middle - lineHeight(small) - large * 2, width),
    centred(label, large, middle, width),
  ]
  const top = lines[0]!.y - large * 2
  const bottom = middle + lineHeight(large) + large * 2
  return (
    `<rect x="0" y="${top}" width="${width}" height="${bottom - top}" fill="hsl(${hue},60%,14%)"/>` +
    `<path d="${letterPath(lines)}" fill="#fff"/>`
  )
}

function centred(text: string, cell: number, y: number, width: number): Line {
  return { text, cell, x: Math.round((width - lineWidth(text, cell)) / 2), y: Math.round(y) }
}

function backdrop({ width, height }: Canvas, fill: string): string {
  return `<rect width="${width}" height="${height}" fill="${fill}"/>`
}

function times(count: number, draw: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => draw(at)).join('')
}

function backpack(canvas: Canvas): string {
  const { width: w, height: h, hue } = canvas
  const cloth = `hsl(${hue},65%,45%)`
  return (
    backdrop(canvas, '#fff') +
    `<path d="M${w * 0.38} ${h * 0.2}q0 ${-h * 0.14} ${w * 0.12} ${-h * 0.14}t${w * 0.12} ${h * 0.14}" ` +
    `fill="none" stroke="hsl(${hue},40%,25%)" stroke-width="46"/>` +
    `<rect x="${w * 0.2}" y="${h * 0.16}" width="${w * 0.6}" height="${h * 0.78}" rx="220" fill="${cloth}"/>` +
    `<rect x="${w * 0.27}" y="${h * 0.24}" width="${w * 0.46}" height="${h * 0.2}" rx="60" fill="hsl(${hue},65%,58%)"/>` +
    times(4, (at) => {
      const y = h * (0.27 + at * 0.04)
      return `<path d="M${w * 0.3} ${y}h${w * 0.4}" stroke="hsl(${hue},40%,30%)" stroke-width="8" stroke-dasharray="26 14"/>`
    })
  )
}

function fan(canvas: Canvas): string {
  const { width: w, height: h, hue } = canvas
  const blade = `cx="${w / 2}" cy="${h * 0.22}" rx="${w * 0.09}" ry="${h * 0.2}"`
  return (
    backdrop(canvas, `hsl(${hue},30%,92%)`) +
    times(24, (at) => {
      const turn = `rotate(${at * 15} ${w / 2} ${h / 2})`
      return `<ellipse ${blade} transform="${turn}" fill="hsl(${(hue + at * 6) % 360},70%,${35 + at}%)" fill-opacity="0.8"/>`
    })
  )
}

function fields(canvas: Canvas): string {
  const { width: w, height: h, hue } = canvas
  return times(12, (at) => {
    const [column, row] = [at % 4, Math.floor(at / 4)]
    const place = `x="${(column * w) / 4}" y="${(row * h) / 3}" width="${w / 4}" height="${h / 3}"`
    return `<rect ${place} fill="hsl(${(hue + at * 11) % 360},75%,${32 + at * 4}%)"/>`
  })
}

function checks(canvas: Canvas): string {
  const { width: w, height: h, hue } = canvas
  const size = 100
  const squares = times((w / size) * (h / size), (at) => {
    const [column, row] = [at % (w / size), Math.floor(at / (w / size))]
    return (column + row) % 2 === 0
      ? `M${column * size} ${row * size}h${size}v${size}h${-size}z`
      : ''
  })
  return (
    backdrop(canvas, `hsl(${hue},55%,80%)`) + `<path d="${squares}" fill="hsl(${hue},65%,40%)"/>`
  )
}

const SENTENCE = 'A cache that does not lie says how fresh it is and what it was made of. '

/** Letters of two pixels a square: what resizing and sharpening are judged by. */
function pages(canvas: Canvas): string {
  const { width: w, height: h, hue } = canvas
  const cell = 2
  const rowHeight = 24
  const letters = Math.floor((w - 80) / (6 * cell))
  const text = SENTENCE.repeat(Math.ceil((letters * 2) / SENTENCE.length))
  const lines = Array.from({ length: Math.floor((h - 60) / rowHeight) }, (_, row): Line => {
    const from = (row * 7) % SENTENCE.length
    return { text: text.slice(from, from + letters), x: 40, y: 30 + row * rowHeight, cell }
  })
  return backdrop(canvas, '#fffef8') + `<path d="${letterPath(lines)}" fill="hsl(${hue},70%,25%)"/>`
}

function gradients(canvas: Canvas): string {
  const { hue } = canvas
  return (
    `<defs><linearGradient id="a" x2="1" y2="1"><stop stop-color="hsl(${hue},80%,20%)"/>` +
    `<stop offset="1" stop-color="hsl(${(hue + 60) % 360},85%,75%)"/></linearGradient>` +
    `<radialGradient id="b" cx="0.3" cy="0.25" r="0.5"><stop stop-color="#fff" stop-opacity="0.9"/>` +
    '<stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient></defs>' +
    backdrop(canvas, 'url(#a)') +
    backdrop(canvas, 'url(#b)')
  )
}

/** Without a backdrop: what is not drawn is transparent. */
function glasses(canvas: Canvas): string {
  const { width: w, height: h, hue } = canvas
  return times(7, (at) => {
    const x = w * (0.2 + 0.1 * at)
    const y = h * (0.3 + 0.12 * Math.sin(at * 1.7))
    return `<circle cx="${x}" cy="${y}" r="${w * 0.17}" fill="hsl(${(hue + at * 25) % 360},80%,50%)" fill-opacity="0.35"/>`
  })
}

function face(canvas: Canvas): string {
  const { width: w, height: h, hue } = canvas
  const eye = (x: number): string =>
    `<ellipse cx="${x}" cy="${h * 0.27}" rx="52" ry="34" fill="#fff"/><circle cx="${x}" cy="${h * 0.27}" r="24" fill="#222"/>`
  return (
    backdrop(canvas, `hsl(${hue},35%,80%)`) +
    `<path d="M${w * 0.08} ${h}q${w * 0.08} ${-h * 0.42} ${w * 0.42} ${-h * 0.42}t${w * 0.42} ${h * 0.42}z" fill="hsl(${hue},55%,40%)"/>` +
    `<ellipse cx="${w / 2}" cy="${h * 0.23}" rx="${w * 0.3}" ry="${h * 0.19}" fill="hsl(${hue},45%,22%)"/>` +
    `<ellipse cx="${w / 2}" cy="${h * 0.29}" rx="${w * 0.23}" ry="${h * 0.19}" fill="hsl(28,55%,72%)"/>` +
    eye(w * 0.42) +
    eye(w * 0.58) +
    `<path d="M${w * 0.42} ${h * 0.39}q${w * 0.08} ${h * 0.04} ${w * 0.16} 0" fill="none" stroke="#933" stroke-width="22"/>`
  )
}

/** A tower with an arrow that says where up is: turned wrongly, it is seen at once. */
function tower(canvas: Canvas): string {
  const { width: w, height: h, hue } = canvas
  return (
    backdrop(canvas, `hsl(${hue},40%,85%)`) +
    `<rect x="${w * 0.38}" y="${h * 0.2}" width="${w * 0.24}" height="${h * 0.8}" fill="hsl(${hue},45%,35%)"/>` +
    `<path d="M${w * 0.5} ${h * 0.02}l${w * 0.22} ${h * 0.16}h${-w * 0.44}z" fill="hsl(${hue},75%,45%)"/>` +
    times(4, (at) => {
      return `<rect x="${w * 0.46}" y="${h * (0.24 + at * 0.07)}" width="${w * 0.08}" height="60" fill="#fd6"/>`
    })
  )
}

function harbour(canvas: Canvas): string {
  const { width: w, height: h, hue } = canvas
  const boat = (x: number, size: number): string =>
    `<path d="M${x} ${h * 0.5}h${size}l${-size * 0.2} ${size * 0.25}h${-size * 0.6}z" fill="hsl(${(hue + 140) % 360},60%,40%)"/>` +
    `<path d="M${x + size * 0.5} ${h * 0.5}v${-size}l${size * 0.45} ${size * 0.9}z" fill="#fff"/>`
  return (
    backdrop(canvas, `hsl(${hue},55%,75%)`) +
    `<path d="M0 ${h * 0.5}${times(24, (at) => `l50 ${at % 2 === 0 ? -90 : 70}l50 ${at % 3 === 0 ? 40 : 0}`)}V${h}H0z" fill="hsl(${hue},20%,55%)"/>` +
    `<rect y="${h * 0.5}" width="${w}" height="${h * 0.5}" fill="hsl(${hue},60%,35%)"/>` +
    times(9, (at) => boat(90 + at * 260, 90 + (at % 3) * 40))
  )
}
