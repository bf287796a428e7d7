import { Picker, PickerItem } from '@react-spectrum/s2'
import type { Role } from '../../../../src/contract/invalidation.ts'

const WORDS = {
  viewer: 'Viewer',
  editor: 'Editor',
  admin: 'Admin',
} satisfies Record<Role, string>

export function roleWord(role: Role): string {
  return WORDS[role]
}

interface RolePickerProps {
  readonly role: Role
  /** Whose: then nothing stands above it. */
  readonly of?: string
  readonly onChange: (role: Role) => void
}

export function RolePicker({ role, of, onChange }: RolePickerProps) {
  return (
    <Picker
      {...(of === undefined ? { label: 'Role' } : { 'aria-label': `Role of ${of}`, size: 'S' })}
      selectedKey={role}
      onSelectionChange={(key) => key !== null && onChange(key as Role)}
    >
      <PickerItem id="viewer">{WORDS.viewer}</PickerItem>
      <PickerItem id="editor">{WORDS.editor}</PickerItem>
      <PickerItem id="admin">{WORDS.admin}</PickerItem>
    </Picker>
  )
}
