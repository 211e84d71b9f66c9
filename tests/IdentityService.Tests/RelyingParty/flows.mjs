// What an application does with certified libraries, unchanged, at a running identity service. Prints one line for each
// flow that holds and ends at the first that does not. Input: JSON in the environment variable FLOWS.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import * as oauth from 'oauth4webapi'
import * as oidc from 'openid-client'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { issuer, person, confidential, open, robot, redirectUri, signedOutUri, logoutPort } = JSON.parse(process.env.FLOWS)
const insecure = { execute: [oidc.allowInsecureRequests] } // the test's issuer is on loopback without TLS
const unescape = (text) => text.replace(/&quot;/g, '"').replace(/&#x([0-9A-F]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
  .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')

/** A browser: cookies, forms, redirects until one leaves the service. */
class Browser {
  cookies = new Map()

  async open(address, options = {}) {
    const answer = await fetch(new URL(address, issuer), {
      ...options, redirect: 'manual', headers: { ...options.headers, cookie: [...this.cookies].map((c) => c.join('=')).join('; ') },
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0].split(/=(.*)/s)
      this.cookies.set(name, value)
    }
    const next = answer.headers.get('location')
    if (next === null) return await answer.text()
    const url = new URL(next, issuer)
    return url.origin === new URL(issuer).origin ? await this.open(url) : url
  }

  async submit(page, fields) {
    const form = new URLSearchParams()
    for (const [, name, value] of page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)) form.set(name, unescape(value))
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    return await this.open(unescape(page.match(/<form method="post" action="([^"]+)"/)[1]), { method: 'POST', body: form })
  }

  /** Signs in and consents, as far as asked to. */
  async allow(address) {
    let page = await this.open(address)
    if (typeof page === 'string' && page.includes('<h1>Sign in')) page = await this.submit(page, person)
    if (typeof page === 'string') page = await this.submit(page, { decision: 'allow' })
    return page
  }
}

const done = (flow) => console.log(`ok ${flow}`)
const fails = (promise, error) => assert.rejects(promise, (fault) => (fault.error ?? fault.cause?.error) === error || assert.fail(`${fault.error ?? fault}: expected ${error}`))

// Code with PKCE, userinfo, introspection, refresh, reuse, revocation with openid-client; each kind of client authentication.
async function code(name, config, pushed = false) {
  const browser = new Browser()
  const verifier = oidc.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), maxAge: 300, idTokenExpected: true }
  const parameters = {
    redirect_uri: redirectUri, scope: 'openid profile email', code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256', state: checks.expectedState, nonce: checks.expectedNonce, max_age: '300',
  }
  const address = pushed ? await oidc.buildAuthorizationUrlWithPAR(config, parameters) : oidc.buildAuthorizationUrl(config, parameters)
  const back = await browser.allow(address)
  const tokens = await oidc.authorizationCodeGrant(config, back, checks)
  const claims = tokens.claims()
  const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
  assert.equal(info.preferred_username, person.username)
  assert.equal(typeof info.email, 'string')
  done(`${name}: code, id_token, userinfo`)
  return { browser, back, checks, tokens, claims }
}

async function family(name, config, { tokens }) {
  const second = await oidc.refreshTokenGrant(config, tokens.refresh_token)
  const third = await oidc.refreshTokenGrant(config, second.refresh_token)
  assert.equal(third.claims().sub, tokens.claims().sub)
  await fails(oidc.refreshTokenGrant(config, tokens.refresh_token), 'invalid_grant')
  await fails(oidc.refreshTokenGrant(config, third.refresh_token), 'invalid_grant')
  done(`${name}: refresh, reuse ends the family`)
}

const secretBasic = await oidc.discovery(new URL(issuer), confidential.id, confidential.secret, oidc.ClientSecretBasic(confidential.secret), insecure)
const secretPost = await oidc.discovery(new URL(issuer), confidential.id, confidential.secret, oidc.ClientSecretPost(confidential.secret), insecure)
const publicClient = await oidc.discovery(new URL(issuer), open.id, undefined, oidc.None(), insecure)
const key = await crypto.subtle.importKey('jwk', robot.key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const signing = await oidc.discovery(new URL(issuer), robot.id, undefined, oidc.PrivateKeyJwt(key), insecure)
for (const config of [secretBasic, secretPost, publicClient, signing]) oidc.enableNonRepudiationChecks(config)
done('discovery')

const first = await code('client_secret_basic', secretBasic)
const known = await oidc.tokenIntrospection(secretBasic, first.tokens.access_token)
assert.equal(known.active, true)
assert.equal(known.sub, first.claims.sub)
assert.deepEqual(await oidc.tokenIntrospection(secretBasic, 'garbage'), { active: false })
await family('client_secret_basic', secretBasic, first)
assert.deepEqual(await oidc.tokenIntrospection(secretBasic, first.tokens.access_token), { active: false })
done('introspection')

const second = await code('client_secret_post', secretPost)
await oidc.tokenRevocation(secretPost, second.tokens.access_token)
assert.equal((await oidc.tokenIntrospection(secretPost, second.tokens.access_token)).active, false)
await oidc.tokenRevocation(secretPost, second.tokens.refresh_token)
await fails(oidc.refreshTokenGrant(secretPost, second.tokens.refresh_token), 'invalid_grant')
await oidc.tokenRevocation(secretPost, 'unknown')
done('revocation')

const third = await code('public client', publicClient)
await family('public client', publicClient, third)
const replayed = await code('replayed code', secretBasic)
await fails(oidc.authorizationCodeGrant(secretBasic, replayed.back, replayed.checks), 'invalid_grant')
assert.equal((await oidc.tokenIntrospection(secretBasic, replayed.tokens.access_token)).active, false)
done('replayed code: what it gave is taken back')

await family('private_key_jwt', signing, await code('private_key_jwt, pushed request', signing, true))
const own = await oidc.clientCredentialsGrant(signing, { scope: 'devices:read' })
assert.equal(own.scope, 'devices:read')
await fails(oidc.clientCredentialsGrant(signing, { scope: 'identity:admin' }), 'invalid_scope')
done('client credentials by private_key_jwt')

// Device grant: the browser decides while the library polls.
const device = await oidc.initiateDeviceAuthorization(secretBasic, { scope: 'openid' })
const page = new Browser()
let shown = await page.open(device.verification_uri_complete)
shown = await page.submit(shown, person)
assert.ok(shown.includes(device.user_code))
await page.submit(shown, { decision: 'allow' })
const deviceTokens = await oidc.pollDeviceAuthorizationGrant(secretBasic, { ...device, interval: 1 })
assert.equal(deviceTokens.claims().sub, first.claims.sub)
done('device grant')

// Logout by the application, which is then told by the back channel.
const told = (() => { const one = {}; one.promise = new Promise((resolve) => { one.resolve = resolve }); return one })()
const receiver = createServer((request, answer) => {
  let body = ''
  request.on('data', (part) => { body += part })
  request.on('end', () => { answer.end(); told.resolve(new URLSearchParams(body).get('logout_token')) })
})
await new Promise((resolve) => receiver.listen(logoutPort, '127.0.0.1', resolve))
const last = await code('logout', signing)
const gone = await last.browser.open(oidc.buildEndSessionUrl(signing, { post_logout_redirect_uri: signedOutUri, id_token_hint: last.tokens.id_token, state: 'bye' }))
assert.equal(gone.href, `${signedOutUri}?state=bye`)
const notice = await jwtVerify(await told.promise, createRemoteJWKSet(new URL(signing.serverMetadata().jwks_uri)), {
  issuer, audience: robot.id, typ: 'logout+jwt', requiredClaims: ['iat', 'jti', 'events', 'sid'],
})
assert.ok('http://schemas.openid.net/event/backchannel-logout' in notice.payload.events)
assert.equal(notice.payload.nonce, undefined)
receiver.close()
done('logout: by the application, back channel')

// The same server through the lower library, which checks what it is given more strictly.
const as = await oauth.processDiscoveryResponse(new URL(issuer), await oauth.discoveryRequest(new URL(issuer), { [oauth.allowInsecureRequests]: true }))
const client = { client_id: confidential.id }
const auth = oauth.ClientSecretBasic(confidential.secret)
const verifier = oauth.generateRandomCodeVerifier()
const address = new URL(as.authorization_endpoint)
address.search = new URLSearchParams({
  client_id: client.client_id, redirect_uri: redirectUri, response_type: 'code', scope: 'openid',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state: 's', nonce: 'n',
})
const returned = oauth.validateAuthResponse(as, client, await new Browser().allow(address), 's')
const answer = await oauth.authorizationCodeGrantRequest(as, client, auth, returned, redirectUri, verifier, { [oauth.allowInsecureRequests]: true })
const result = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: 'n', requireIdToken: true })
const userinfo = await oauth.userInfoRequest(as, client, result.access_token, { [oauth.allowInsecureRequests]: true })
await oauth.processUserInfoResponse(as, client, oauth.getValidatedIdTokenClaims(result).sub, userinfo)
const introspected = await oauth.introspectionRequest(as, client, auth, result.access_token, { [oauth.allowInsecureRequests]: true })
assert.equal((await oauth.processIntrospectionResponse(as, client, introspected)).active, true)
const resource = new Request('https://resource.test', { headers: { authorization: `Bearer ${result.access_token}` } })
await oauth.validateJwtAccessToken(as, resource, 'platform', { [oauth.allowInsecureRequests]: true })
done('oauth4webapi: code, id_token, userinfo, introspection, RFC 9068 access token')
