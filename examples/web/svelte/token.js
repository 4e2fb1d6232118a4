/** Asked before each connection, and again when the hub says that the token is about to end. */
export async function bearer() {
  const response = await fetch('/token', { method: 'POST' });
  return { Authorization: `Bearer ${await response.text()}` };
}
