/**
 * How long a read may go on. Asked between the pieces of one that may be long: true when it is to give what it has, and it throws when
 * nobody waits for it any more. SQLite cannot be stopped in the middle of a statement from here, so no piece may be long.
 */
export interface Patience {
  isOver(): boolean
}

export const ENDLESS: Patience = { isOver: () => false }
