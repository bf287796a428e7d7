import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'

import { NO_FIELDS, presetFields, presetText } from './preset-fields.ts'
import type { PresetFields } from './preset-fields.ts'
import { presetModifiers } from './presets.ts'

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary)

describe('a preset as fields and as text', () => {
  test('each field has its command, and the rest is kept as it was typed', () => {
    const text = 'wid=400&hei=300&fmt=jpeg&qlt=75,1&resMode=bisharp&op_sharpen=1&op_usm=1.1,1,5'
    const fields = presetFields(`${text}&fit=constrain,1&iccEmbed=0`)
    assert.equal(fields.width, 400)
    assert.equal(fields.height, 300)
    assert.equal(fields.format, 'jpeg')
    assert.deepEqual([fields.quality, fields.fullChroma], [75, true])
    assert.equal(fields.resampling, 'bisharp')
    assert.equal(fields.sharpen, true)
    assert.equal(fields.unsharp?.amount, 1.1)
    assert.equal(fields.others, 'fit=constrain,1&iccEmbed=0')
    assert.equal(
      presetText({ ...fields, width: 500, unsharp: null, others: '' }),
      'wid=500&hei=300&fmt=jpeg&qlt=75,1&resMode=bisharp&op_sharpen=1',
    )
  })

  test('of the same command twice the last counts, in any case, with or without a question mark', () => {
    assert.deepEqual(presetFields('?wid=1&WID=2'), { ...NO_FIELDS, width: 2 })
    assert.deepEqual(presetFields(''), NO_FIELDS)
    assert.equal(presetText(NO_FIELDS), '')
  })

  test('a value that is none stays in the text, where saving tells what is wrong with it', () => {
    assert.deepEqual(presetFields('wid=-1&fmt=gif'), {
      ...NO_FIELDS,
      format: 'gif',
      others: 'wid=-1',
    })
  })

  const command = fc.constantFrom(
    'wid=400',
    'WID=20',
    'hei=7',
    'fmt=png-alpha',
    'fmt=tif,gray,lzw',
    'fmt=jpg',
    'qlt=80',
    'qlt=60,1',
    'resmode=trilin',
    'resMode=sharp2',
    'op_sharpen=0',
    'op_sharpen=1',
    'op_usm=1.1,0.5,1',
    'op_usm=2,3,4,1',
    'fit=crop,1',
    'bgc=ff0000',
    'iccEmbed=0',
    'crop=1,2,3,4',
    'flip=lr',
  )

  test('from text to fields and back it means the same, for any preset', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
        const text = commands.join('&')
        const again = presetText(presetFields(text))
        assert.deepEqual(presetModifiers(again), presetModifiers(text))
        assert.equal(presetText(presetFields(again)), again)
      }),
    )
  })

  test('from fields to text and back they are the same, for any fields', () => {
    const fields: fc.Arbitrary<PresetFields> = fc.record({
      width: maybe(fc.integer({ min: 1, max: 3000 })),
      height: maybe(fc.integer({ min: 1, max: 3000 })),
      format: maybe(fc.constantFrom('jpeg', 'png', 'webp-alpha', 'avif,,lossless')),
      quality: fc.integer({ min: 1, max: 100 }),
      fullChroma: fc.boolean(),
      resampling: maybe(fc.constantFrom('bilin', 'bicub', 'sharp2', 'bisharp')),
      sharpen: maybe(fc.boolean()),
      unsharp: fc.constantFrom(null, presetFields('op_usm=1,2,3,1').unsharp),
      others: fc.constantFrom('', 'fit=crop', 'flip=lr&bgc=000000'),
    })
    fc.assert(
      fc.property(fields, (wanted) =>
        assert.deepEqual(presetFields(presetText(wanted)), { ...wanted }),
      ),
    )
  })
})
