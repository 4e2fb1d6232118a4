/**
 * The JSON at a URL.
 * @param {string} url
 * @returns {Promise<unknown>} null if it cannot be had
 */
export async function fetchJson(url) {
  try {
    const response = await fetch(url);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
