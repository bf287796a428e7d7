/** The demo's assets: twelve pictures, each of another kind, a document and a film. */
export const DEMO_PICTURES = [
  'Backpack_B',
  'spinset',
  'flat',
  'flat1',
  'fine-text',
  'gradient',
  'glass',
  'portrait',
  'upright',
  'print',
  'deep-colour',
  'harbour',
] as const
export type DemoPicture = (typeof DEMO_PICTURES)[number]

export const DEMO_IDS = [...DEMO_PICTURES, 'gspdf', 'clip'] as const
export type DemoId = (typeof DEMO_IDS)[number]
