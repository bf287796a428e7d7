import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isPublicAddress } from '../kernel/address-guard.ts'
import { originalUrl, ruleFor } from './guard.ts'

describe('which addresses are public', () => {
  const refused = `
    127.0.0.1 127.255.0.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254
    100.64.0.1 192.0.0.1 198.18.0.1 224.0.0.1 255.255.255.255 2130706433 0x7f.1
    017700000001 127.1 ::1 :: fe80::1 fc00::1 fd00:ec2::254 ff02::1 [::1] fec0::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::
    2001::1 2001:db8::1 localhost example.com
  `
  for (const address of ['', ...refused.trim().split(/\s+/)]) {
    it(`${address || 'nothing'} is not`, () => assert.equal(isPublicAddress(address), false))
  }
  for (const address of ['8.8.8.8', '93.184.216.34', '2606:2800:220:1::', '::ffff:8.8.8.8']) {
    it(`${address} is`, () => assert.equal(isPublicAddress(address), true))
  }
})

describe('the URL of an original', () => {
  const rule = { host: 'sample.li', scheme: 'https' } as const

  it('gets the scheme of its rule', () => {
    assert.equal(originalUrl(rule, 'sample.li/a.jpg?x=1').href, 'https://sample.li/a.jpg?x=1')
  })

  for (const original of [
    'evil.example/a.jpg',
    'sample.li.evil.example/a.jpg',
    'sample.li./a.jpg',
    'localhost./a.jpg',
    'evil.example#@sample.li/a.jpg',
    '/sample.li/a.jpg',
    '0x7f.1/a.jpg',
    '2130706433/a.jpg',
    'sample.li@evil.example/a.jpg',
    'evil.example\\@sample.li/a.jpg',
  ]) {
    it(`${original} is no original of the rule's host`, () => {
      assert.throws(() => originalUrl(rule, original), { code: 'host-not-allowed', status: 403 })
    })
  }

  for (const original of ['user@sample.li/a.jpg', 'u:p@sample.li/a', 'sample.li:22/a', '']) {
    it(`${original || 'nothing'} is no valid original`, () => {
      assert.throws(() => originalUrl(rule, original), { code: 'bad-original', status: 400 })
    })
  }

  it('a redirect is allowed to listed hosts, and to plain http only where the rule says so', () => {
    const plain = { host: 'img.example', scheme: 'http' } as const
    const allowed = [rule, plain]
    assert.equal(ruleFor(new URL('http://img.example/a'), allowed), plain)
    assert.equal(ruleFor(new URL('https://img.example/a'), allowed), plain)
    assert.throws(() => ruleFor(new URL('http://sample.li/a'), allowed), {
      code: 'redirect-refused',
    })
    assert.throws(() => ruleFor(new URL('ftp://sample.li/a'), allowed), {
      code: 'redirect-refused',
    })
    assert.throws(() => ruleFor(new URL('https://other.example/a'), allowed), {
      code: 'host-not-allowed',
    })
  })
})
