import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { signTarget, unsignedTarget, verifySignature } from './signed-url.ts'

const KEY = { id: 'k1', secret: '0123456789abcdef0123456789abcdef' }
const OTHER = { id: 'k2', secret: 'fedcba9876543210fedcba9876543210' }
const SIGNING = { keys: [KEY, OTHER] }
const END = 2_000_000_000
const NOW = END - 60

const verdict = (target: string, project = 'demo', now = NOW) =>
  verifySignature(target, project, SIGNING, now)

describe('signed URLs', () => {
  it('are HMAC-SHA-256 over five lines, as the reference says', () => {
    const text = ['sluice-url-1', 'demo', 'k1', String(END), '/sample.li/flat.jpg?w=500'].join('\n')
    const wanted = createHmac('sha256', KEY.secret).update(text).digest('hex')
    const signed = signTarget('/sample.li/flat.jpg?w=500', 'demo', KEY, END)
    assert.equal(signed, `/sample.li/flat.jpg?w=500&sig_key=k1&sig_exp=${END}&sig=${wanted}`)
    const page = readFileSync(
      path.join(import.meta.dirname, '../../docs/reference/delivery-urls.md'),
      'utf8',
    )
    assert.ok(page.includes(signed), 'the worked example of the reference')
  })

  it('are valid with either of two keys, with the parameters in any place', () => {
    for (const key of SIGNING.keys) {
      const signed = signTarget('/a.jpg?w=5', 'demo', key, END)
      const [address, query = ''] = signed.split('?')
      assert.deepEqual(verdict(signed), { ok: true, expiresAt: END })
      // The order of the rest stays.
      const moved = query
        .split('&')
        .toSorted((a, b) => Number(b.startsWith('sig')) - Number(a.startsWith('sig')))
      assert.equal(verdict(`${address}?${moved.join('&')}`).ok, true)
    }
  })

  it('end, with half a minute for clocks that are slow', () => {
    const signed = signTarget('/a.jpg', 'demo', KEY, END)
    assert.equal(verdict(signed, 'demo', END + 30).ok, true)
    const late = verdict(signed, 'demo', END + 31)
    assert.ok(!late.ok)
    assert.equal(late.parameter, 'sig_exp')
  })

  it('are refused without a signature, with two, with an unknown key and for another project', () => {
    const signed = signTarget('/a.jpg?w=5', 'demo', KEY, END)
    assert.equal(verdict('/a.jpg?w=5').ok, false)
    assert.equal(verdict(`${signed}&sig=00`).ok, false)
    assert.equal(verdict(`${signed}&sig_exp=${END + 1}`).ok, false)
    assert.equal(verdict(signed.replace('sig_key=k1', 'sig_key=k3')).ok, false)
    assert.equal(verdict(signed.replace('sig_key=k1', 'sig_key=')).ok, false)
    assert.equal(verdict(signed.replace(String(END), String(END + 9))).ok, false)
    assert.equal(verdict(signed, 'demo2').ok, false)
    assert.equal(verifySignature(signed, 'demo', { keys: [] }, NOW).ok, false)
  })

  const text = fc.string({
    unit: fc.constantFrom(...Array.from('ab/?&=%.,:\u00e9')),
    maxLength: 20,
  })
  const target = text.map((rest) => `/${rest}`)

  it('cover all that is written: no other target fits to a signature', () => {
    fc.assert(
      fc.property(target, target, (one, other) => {
        const signed = signTarget(one, 'demo', KEY, END)
        assert.equal(verdict(signed).ok, true)
        const signature = signed.slice(unsignedTarget(one).length + 1)
        const joint = other.includes('?') ? '&' : '?'
        const fits = verdict(`${other}${joint}${signature}`).ok
        assert.equal(fits, unsignedTarget(one) === unsignedTarget(other))
      }),
    )
  })

  it('nothing can be moved from one line of the signed text to another', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const signed = signTarget('/a', `p${one}`, KEY, END)
        assert.equal(verdict(signed, `p${other}`).ok, one === other)
      }),
    )
  })

  it('any text is answered, never thrown at', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (junk) => {
        assert.equal(verdict(`/a?sig=${junk}&sig_key=k1&sig_exp=${END}`).ok, false)
        verdict(junk)
      }),
    )
  })
})
