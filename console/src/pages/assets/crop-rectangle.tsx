import { useEffect, useId, useRef, useState } from 'react'
import type { KeyboardEvent, PointerEvent } from 'react'
import type { Asset } from '../../../../src/contract/api/assets.ts'
import { api } from '../../api.ts'
import { useProjectId } from '../../use-project.ts'
import { CORNERS, SIDES, dragged } from './crop-drag.ts'
import type { Handle, Rect } from './crop-drag.ts'
import styles from './crops.module.css'

interface CropRectangleProps {
  readonly asset: Asset
  readonly rect: Rect
  /** See `Drag`. */
  readonly ratio: number | null
  readonly onChange: (rect: Rect) => void
  /** Takes the focus when it appears, so that arrow keys work at once. */
  readonly autoFocus: boolean
}

/** One press of an arrow key. */
const STEP = 0.01

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
}

interface Hold {
  readonly handle: Handle
  readonly pointer: number
  readonly fromX: number
  readonly fromY: number
  /** As it was when it was taken hold of. */
  readonly rect: Rect
}

/** The whole picture with the part marked: dragged whole, by a corner or a side, drawn anew beside it, or moved by arrow keys. */
export function CropRectangle(props: CropRectangleProps) {
  const { asset, rect, ratio, onChange, autoFocus } = props
  const stage = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (autoFocus) stage.current?.querySelector('button')?.focus()
  }, [autoFocus])
  const hint = useId()
  const drag = useDrag(stage, rect, ratio, onChange)
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = ARROWS[event.key]
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const handle = event.shiftKey ? (step[0] === 0 ? 's' : 'e') : 'move'
    onChange(dragged(rect, { handle, dx: step[0], dy: step[1], ratio }))
  }
  return (
    <div className={styles['stageColumn']}>
      <div
        ref={stage}
        className={styles['stage']}
        style={stageStyle(asset.width ?? 4, asset.height ?? 3)}
        {...drag}
      >
        <div className={styles['clip']}>
          <StagePicture asset={asset} />
          <div className={styles['mask']} style={placed(rect)} />
        </div>
        <button
          type="button"
          className={styles['part']}
          style={placed(rect)}
          data-handle="move"
          aria-label={`Crop rectangle: ${partOf(rect)}`}
          aria-describedby={hint}
          onKeyDown={onKeyDown}
        >
          {[...CORNERS, ...(ratio === null ? SIDES : [])].map((handle) => (
            <span key={handle} data-handle={handle} className={styles['handle']} />
          ))}
        </button>
      </div>
      <p id={hint} className={styles['quiet']}>
        Drag the rectangle or its corners, or draw a new one. With the keyboard: arrow keys move it,
        Shift and arrow keys change its size.
      </p>
    </div>
  )
}

/** Pointer events of the stage: mouse, pen and finger alike. */
function useDrag(
  stage: React.RefObject<HTMLDivElement | null>,
  rect: Rect,
  ratio: number | null,
  onChange: (rect: Rect) => void,
) {
  const hold = useRef<Hold | null>(null)
  const place = (event: PointerEvent): readonly [number, number] => {
    const box = stage.current!.getBoundingClientRect()
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
  }
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0 || !event.isPrimary) return
    const [fromX, fromY] = place(event)
    const handle = handleAt(event.target)
    // Beside the rectangle a new one begins, from this very point.
    const from = handle === null ? { x: fromX, y: fromY, width: 0, height: 0 } : rect
    hold.current = { handle: handle ?? 'se', pointer: event.pointerId, fromX, fromY, rect: from }
    event.currentTarget.setPointerCapture(event.pointerId)
    event.preventDefault()
    stage.current?.querySelector('button')?.focus({ preventScroll: true })
  }
  const onPointerMove = (event: PointerEvent): void => {
    const held = hold.current
    if (held === null || held.pointer !== event.pointerId) return
    const [x, y] = place(event)
    const [dx, dy] = [x - held.fromX, y - held.fromY]
    const isNew = held.rect.width === 0
    const handle = isNew ? newHandle(dx, dy) : held.handle
    onChange(dragged(held.rect, { handle, dx, dy, ratio }))
  }
  const release = (event: PointerEvent): void => {
    if (hold.current?.pointer === event.pointerId) hold.current = null
  }
  return { onPointerDown, onPointerMove, onPointerUp: release, onPointerCancel: release }
}

/** A new rectangle is drawn in whatever direction. */
function newHandle(dx: number, dy: number): Handle {
  if (dy < 0) return dx < 0 ? 'nw' : 'ne'
  return dx < 0 ? 'sw' : 'se'
}

function handleAt(target: EventTarget): Handle | null {
  const name = target instanceof HTMLElement ? target.dataset['handle'] : undefined
  return name === undefined ? null : (name as Handle)
}

/** The original; where a browser cannot show one of its kind, what the image server makes of it. */
function StagePicture({ asset }: { readonly asset: Asset }) {
  const project = useProjectId()
  const [failed, setFailed] = useState(false)
  const whole = 'wid=1200&hei=1200&fit=constrain,0&fmt=webp'
  return (
    <img
      className={styles['whole']}
      src={
        failed
          ? api.previewAddress(project, asset.id, whole)
          : api.contentAddress(project, asset.id, asset.version)
      }
      alt={`All of ${asset.id}`}
      draggable={false}
      onError={() => setFailed(true)}
    />
  )
}

/** In its own proportions, and never higher than the screen. */
function stageStyle(width: number, height: number) {
  const ratio = width / height
  return { aspectRatio: String(ratio), width: `min(100%, ${64 * ratio}vh)` }
}

function placed({ x, y, width, height }: Rect) {
  return {
    left: `${x * 100}%`,
    top: `${y * 100}%`,
    width: `${width * 100}%`,
    height: `${height * 100}%`,
  }
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10}\u00a0%`
}

export function partOf(rect: Rect): string {
  const size = `${percent(rect.width)} × ${percent(rect.height)} of the picture`
  return `${size}, ${percent(rect.x)} from the left, ${percent(rect.y)} from the top`
}
