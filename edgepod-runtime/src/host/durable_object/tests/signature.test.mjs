// Each algorithm once, right and wrong; the standards' own signatures are verified on workerd (edgepod-cli/tests/jose.rs).
import { expect, test } from "vitest";
import { isRight } from "../signature.mjs";

const rsa = (name, hash) => ({ name, hash, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) });
const KEYS = {
  RS256: [rsa("RSASSA-PKCS1-v1_5", "SHA-256"), { name: "RSASSA-PKCS1-v1_5" }],
  RS384: [rsa("RSASSA-PKCS1-v1_5", "SHA-384"), { name: "RSASSA-PKCS1-v1_5" }],
  RS512: [rsa("RSASSA-PKCS1-v1_5", "SHA-512"), { name: "RSASSA-PKCS1-v1_5" }],
  PS256: [rsa("RSA-PSS", "SHA-256"), { name: "RSA-PSS", saltLength: 32 }],
  PS384: [rsa("RSA-PSS", "SHA-384"), { name: "RSA-PSS", saltLength: 48 }],
  PS512: [rsa("RSA-PSS", "SHA-512"), { name: "RSA-PSS", saltLength: 64 }],
  ES256: [
    { name: "ECDSA", namedCurve: "P-256" },
    { name: "ECDSA", hash: "SHA-256" },
  ],
  ES384: [
    { name: "ECDSA", namedCurve: "P-384" },
    { name: "ECDSA", hash: "SHA-384" },
  ],
  EdDSA: [{ name: "Ed25519" }, { name: "Ed25519" }],
};

for (const [algorithm, [generated, signing]] of Object.entries(KEYS)) {
  test(algorithm, async () => {
    const { publicKey, privateKey } = /** @type {CryptoKeyPair} */ (
      await crypto.subtle.generateKey(generated, true, ["sign", "verify"])
    );
    // The core's keys have these members only.
    const { kty, crv, x, y, n, e } = /** @type {JsonWebKey} */ (await crypto.subtle.exportKey("jwk", publicKey));
    const jwk = JSON.stringify({ kty, crv, x, y, n, e });
    const signed = "header.payload";
    const bytes = await crypto.subtle.sign(signing, privateKey, new TextEncoder().encode(signed));
    const signature = Buffer.from(bytes).toString("base64");
    const right = { algorithm, jwk, signed, signature };
    expect(await isRight(right)).toBe(true);
    // From the keys that were kept.
    expect(await isRight(right)).toBe(true);
    expect(await isRight({ ...right, signed: "header.payloae" })).toBe(false);
    expect(await isRight({ ...right, signature: "" })).toBe(false);
    expect(await isRight({ ...right, signature: "no base64!" })).toBe(false);
    expect(await isRight({ ...right, jwk: "{}" })).toBe(false);
    expect(await isRight({ ...right, jwk: "no JSON" })).toBe(false);
  });
}

test("an algorithm that nobody knows", async () => {
  expect(await isRight({ algorithm: "none", jwk: "{}", signed: "", signature: "" })).toBe(false);
});
