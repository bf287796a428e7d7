import { NumberField, TextArea, TextField } from '@react-spectrum/s2'
import type { TextAreaProps, TextFieldProps } from '@react-spectrum/s2'
import type { ComponentProps } from 'react'

/** Spectrum's fields as wide as their place in a form. */

const WIDE = { width: '100%' } as const

export function WideText(props: TextFieldProps) {
  return <TextField {...props} UNSAFE_style={WIDE} />
}

export function WideArea(props: TextAreaProps) {
  return <TextArea {...props} UNSAFE_style={WIDE} />
}

export function WideNumber(props: ComponentProps<typeof NumberField>) {
  return <NumberField {...props} UNSAFE_style={WIDE} />
}
