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
  readonly onChange: (role: Role) => void
}

export function RolePicker({ role, onChange }: RolePickerProps) {
  return (
    <Picker
      label="Role"
      selectedKey={role}
      onSelectionChange={(key) => key !== null && onChange(key as Role)}
    >
      <PickerItem id="viewer">{WORDS.viewer}</PickerItem>
      <PickerItem id="editor">{WORDS.editor}</PickerItem>
      <PickerItem id="admin">{WORDS.admin}</PickerItem>
    </Picker>
  )
}
