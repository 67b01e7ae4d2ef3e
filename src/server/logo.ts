/** Confluo's mark: streams that flow together, and its name. SVG, light on dark. */
export const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 32" width="132" height="32">
<g fill="none" stroke="#4fd1c5" stroke-width="2.5" stroke-linecap="round">
<path d="M2 5c12 0 10 11 22 11"/><path d="M2 27c12 0 10-11 22-11"/><path d="M2 16h26"/>
</g>
<text x="38" y="22" fill="#fff" font-family="system-ui, sans-serif" font-size="19" font-weight="600">Confluo</text>
</svg>`;
