// Package web carries the browser component, <event-source>, as built and committed in dist, so that
// a Go program serves it without Node and without any file beside the binary.
//
// The component's sources are TypeScript in src; README.md says what it does. After a change there,
// npm run build makes dist anew, and npm run check:dist tells whether the two agree.
package web
