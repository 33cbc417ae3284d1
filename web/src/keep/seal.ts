/**
 * Sealing words that lie on this machine: AES-GCM under a key that only the server keeps and only its owner gets.
 * Here the key is in memory, in a form that no script can read out. Without a secure context browsers have no such
 * cryptography, and nothing is kept.
 */

export interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly data: ArrayBuffer;
}

const IV_BYTES = 12;

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** One person's seal. ``owner`` tells whose it is without telling who that is. */
export class Seal {
  readonly owner: string;
  readonly #key: CryptoKey;

  private constructor(owner: string, key: CryptoKey) {
    this.owner = owner;
    this.#key = key;
  }

  static async of(base64url: string): Promise<Seal> {
    const bytes = bytesOf(base64url);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const owner = [...digest.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
    return new Seal(owner, key);
  }

  /** ``place`` is bound to it: what was sealed for one place is not opened for another. */
  async close(text: string, place: string): Promise<Sealed> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const data = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(place) },
      this.#key,
      new TextEncoder().encode(text),
    );
    return { iv, data };
  }

  /** The text, or null where it is another's, of another place, or damaged. */
  async open({ iv, data }: Sealed, place: string): Promise<string | null> {
    try {
      const additionalData = new TextEncoder().encode(place);
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, this.#key, data);
      return new TextDecoder().decode(plain);
    } catch {
      return null;
    }
  }
}
