/** Dynamic Media takes 2,500 characters (its page "Invalidate the CDN cache"); a shop with a thousand lines is still served here. */
export const TEMPLATE_LENGTH_MAX = 100_000
export const TEMPLATE_LINES_MAX = 1000
