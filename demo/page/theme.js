// Runs before the page is painted, so that a chosen theme is there from the first moment. The button is wired up
// when the document is there.
(() => {
  const themes = ['system', 'light', 'dark'];
  const key = 'tidings-demo-theme';
  const root = document.documentElement;

  /** Storage may be denied: then the choice lasts as long as the page. */
  const remembered = () => {
    try {
      return localStorage.getItem(key) ?? '';
    } catch {
      return '';
    }
  };

  /** @param {string} theme */
  const remember = (theme) => {
    try {
      localStorage.setItem(key, theme);
    } catch {
      // See above.
    }
  };

  /** @param {string} theme */
  const apply = (theme) => {
    if (theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme;
  };

  let theme = themes.includes(remembered()) ? remembered() : 'system';
  apply(theme);

  document.addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('theme');
    if (!button) return; // a page without the choice only follows it
    const name = /** @type {HTMLElement} */ (document.getElementById('theme-name'));
    name.textContent = theme;
    button.addEventListener('click', () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
      apply(theme);
      remember(theme);
      name.textContent = theme;
    });
  });
})();
