import type { ReactNode } from 'react'
import styles from './data-table.module.css'
import { useNarrow } from './use-narrow.ts'

export interface ColumnOf<T> {
  readonly name: string
  readonly cell: (row: T) => ReactNode
  /** Takes no more room than it needs. */
  readonly narrow?: boolean
  /** Its name is not shown: the cell says it itself. */
  readonly unnamed?: boolean
}

interface DataTableProps<T> {
  readonly label: string
  readonly columns: readonly ColumnOf<T>[]
  readonly rows: readonly T[]
  readonly rowKey: (row: T) => string
  /** Pixels of page below which its rows become cards: more where there are many columns. */
  readonly stackBelow?: number
}

/** More columns than these stand closer together. */
const DENSE_ABOVE = 6

/** Four columns fit beside each other above this. */
const STACK_BELOW = 760

/**
 * A table on a wide screen, a list of cards on a narrow one. The roles are spelled out, because a table that is laid out as
 * blocks would otherwise stop being one for a screen reader.
 */
export function DataTable<T>(props: DataTableProps<T>) {
  const { label, columns, rows, rowKey, stackBelow = STACK_BELOW } = props
  const stacked = useNarrow(stackBelow)
  return (
    <table
      className={[
        styles['table'],
        columns.length > DENSE_ABOVE && styles['dense'],
        stacked && styles['stacked'],
      ]
        .filter(Boolean)
        .join(' ')}
      data-stacked={stacked}
      aria-label={label}
      role="table"
    >
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.name} role="columnheader" scope="col" className={narrow(column)}>
              <span className={column.unnamed === true ? styles['unseen'] : undefined}>
                {column.name}
              </span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={rowKey(row)} role="row">
            {columns.map((column) => (
              <td
                key={column.name}
                role="cell"
                data-label={column.unnamed === true ? undefined : column.name}
                className={narrow(column)}
              >
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function narrow(column: { readonly narrow?: boolean }): string | undefined {
  return column.narrow === true ? styles['narrow'] : undefined
}
