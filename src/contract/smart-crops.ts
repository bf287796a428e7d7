/** Smart crops by name and size, as a project wants them for each of its images. */
export interface SmartCropSize {
  readonly name: string
  /** Output size in pixels; its shape is the rectangle's. */
  readonly width: number
  readonly height: number
}

/** Of a new Dynamic Media image profile (Adobe, "Dynamic Media image profiles", responsive crops). */
export const SMART_CROPS_DEFAULT: readonly SmartCropSize[] = [
  { name: 'Large', width: 1260, height: 720 },
  { name: 'Medium', width: 700, height: 525 },
  { name: 'Small', width: 400, height: 400 },
]

/** Each is computed for each image that is put, and stands in the image's record. */
export const SMART_CROPS_MAX = 20

/** Every crop of an image: those that the project has for all, then those of its own. */
export function cropNames(
  sizes: readonly SmartCropSize[] | undefined,
  own: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = (sizes ?? SMART_CROPS_DEFAULT).map(({ name }) => name)
  return [...new Set([...names, ...Object.keys(own)])]
}
