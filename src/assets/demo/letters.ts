/**
 * Letters drawn as squares of a 5×7 grid, so that they look the same on a machine without any font. Each letter is five columns of
 * seven bits, the lowest bit on top.
 */
const COLUMNS: Readonly<Record<string, string>> = {
  ' ': '0000000000',
  '-': '0808080808',
  '.': '0060600000',
  _: '4040404040',
  '0': '3E5149453E',
  '1': '00427F4000',
  '2': '4261514946',
  '3': '2141454B31',
  '4': '1814127F10',
  '5': '2745454539',
  '6': '3C4A494930',
  '7': '0171090503',
  '8': '3649494936',
  '9': '064949291E',
  A: '7E1111117E',
  B: '7F49494936',
  C: '3E41414122',
  D: '7F4141221C',
  E: '7F49494941',
  F: '7F09090901',
  G: '3E4149497A',
  H: '7F0808087F',
  I: '00417F4100',
  J: '2040413F01',
  K: '7F08142241',
  L: '7F40404040',
  M: '7F020C027F',
  N: '7F0408107F',
  O: '3E4141413E',
  P: '7F09090906',
  Q: '3E4151215E',
  R: '7F09192946',
  S: '4649494931',
  T: '01017F0101',
  U: '3F4040403F',
  V: '1F2040201F',
  W: '3F4038403F',
  X: '6314081463',
  Y: '0708700807',
  Z: '6151494543',
  a: '2054545478',
  b: '7F48444438',
  c: '3844444420',
  d: '384444487F',
  e: '3854545418',
  f: '087E090102',
  g: '0C5252523E',
  h: '7F08040478',
  i: '00447D4000',
  j: '2040443D00',
  k: '7F10284400',
  l: '00417F4000',
  m: '7C04180478',
  n: '7C08040478',
  o: '3844444438',
  p: '7C14141408',
  q: '081414187C',
  r: '7C08040408',
  s: '4854545420',
  t: '043F444020',
  u: '3C4040207C',
  v: '1C2040201C',
  w: '3C4030403C',
  x: '4428102844',
  y: '0C5050503C',
  z: '4464544C44',
}

const LETTER_COLUMNS = 5
const LETTER_ROWS = 7

/** One column between letters. */
const ADVANCE = LETTER_COLUMNS + 1

export interface Line {
  readonly text: string
  readonly x: number
  readonly y: number
  /** Side of one square. */
  readonly cell: number
}

export function lineWidth(text: string, cell: number): number {
  return (text.length * ADVANCE - 1) * cell
}

export function lineHeight(cell: number): number {
  return LETTER_ROWS * cell
}

/** The data of an SVG path (`d`). A character without a letter stays empty. */
export function letterPath(lines: readonly Line[]): string {
  return lines.map(linePath).join('')
}

function linePath({ text, x, y, cell }: Line): string {
  let path = ''
  for (const [at, char] of text.split('').entries()) {
    const columns = COLUMNS[char] ?? COLUMNS[' ']!
    for (let column = 0; column < LETTER_COLUMNS; column++) {
      const bits = Number.parseInt(columns.slice(column * 2, column * 2 + 2), 16)
      path += columnPath(bits, x + (at * ADVANCE + column) * cell, y, cell)
    }
  }
  return path
}

/** Squares below each other are one rectangle: fewer edges, and no hairlines between them. */
function columnPath(bits: number, x: number, y: number, cell: number): string {
  let path = ''
  for (let row = 0; row < LETTER_ROWS; row++) {
    let rows = 0
    while ((bits >> (row + rows)) & 1) rows++
    if (rows > 0) path += `M${x} ${y + row * cell}h${cell}v${rows * cell}h${-cell}z`
    row += rows
  }
  return path
}
