import sharp from 'sharp'

/** Counts up when the same recipe comes to mean other pixels or bytes. */
const OWN_VERSION = 1

/** Part of every ETag: another version of what draws may draw otherwise. */
export const RENDERER_VERSION = `${OWN_VERSION}-sharp${sharp.versions.sharp}-vips${sharp.versions.vips}`
