// Signatures, verified by WebCrypto.

/** @typedef {{ algorithm: string, jwk: string, signed: string, signature: string }} Verification */

/**
 * The cryptography of each algorithm, as WebCrypto names it: for the import of a key, and for verifying.
 *
 * @typedef {[SubtleCryptoImportKeyAlgorithm, SubtleCryptoSignAlgorithm & { saltLength?: number }]} Cryptography
 */

/** @type {(name: string, hash: string, saltLength?: number) => Cryptography} */
const rsa = (name, hash, saltLength) => [{ name, hash }, saltLength === undefined ? { name } : { name, saltLength }];
/** @type {(namedCurve: string, hash: string) => Cryptography} */
const ec = (namedCurve, hash) => [
  { name: "ECDSA", namedCurve },
  { name: "ECDSA", hash },
];
/** @type {Record<string, Cryptography>} */
const ALGORITHMS = {
  RS256: rsa("RSASSA-PKCS1-v1_5", "SHA-256"),
  RS384: rsa("RSASSA-PKCS1-v1_5", "SHA-384"),
  RS512: rsa("RSASSA-PKCS1-v1_5", "SHA-512"),
  PS256: rsa("RSA-PSS", "SHA-256", 32),
  PS384: rsa("RSA-PSS", "SHA-384", 48),
  PS512: rsa("RSA-PSS", "SHA-512", 64),
  ES256: ec("P-256", "SHA-256"),
  ES384: ec("P-384", "SHA-384"),
  EdDSA: [{ name: "Ed25519" }, { name: "Ed25519" }],
};

/** How many keys are kept as they were imported. */
const KEPT = 64;

/**
 * Keys as they were imported, by algorithm and JWK.
 *
 * @type {Map<string, CryptoKey>}
 */
const keys = new Map();

const encoder = new TextEncoder();

/**
 * Whether a signature is right.
 *
 * @param {Verification} verification
 */
export async function isRight({ algorithm, jwk, signed, signature }) {
  try {
    const cryptography = ALGORITHMS[algorithm];
    if (cryptography === undefined) return false;
    const [imported, verified] = cryptography;
    const id = algorithm + jwk;
    let key = keys.get(id);
    if (key === undefined) {
      key = await crypto.subtle.importKey("jwk", JSON.parse(jwk), imported, false, ["verify"]);
      if (keys.size >= KEPT) keys.clear();
      keys.set(id, key);
    }
    const bytes = Uint8Array.from(atob(signature), (char) => char.charCodeAt(0));
    return await crypto.subtle.verify(verified, key, bytes, encoder.encode(signed));
  } catch {
    // A point that is not on its curve, or a signature of the wrong length.
    return false;
  }
}
