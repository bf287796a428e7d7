import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isPrivateOrPublicAddress } from './address-guard.ts'

describe('where private addresses are permitted', () => {
  for (const address of ['127.0.0.1', '10.0.0.5', '192.168.1.1', '::1', 'fd00::5', '8.8.8.8']) {
    test(`${address} may be asked`, () => assert.equal(isPrivateOrPublicAddress(address), true))
  }
  const credentials = ['169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', '[fd00:ec2::254]']
  for (const address of [...credentials, 'example.com', '']) {
    test(`${address || 'nothing'} may not`, () =>
      assert.equal(isPrivateOrPublicAddress(address), false))
  }
})
