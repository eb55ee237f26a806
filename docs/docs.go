// Package docs holds the pages of the manual that the command prints.
package docs

import _ "embed"

// Errors explains every error code, in Markdown, each under a heading that
// begins with it.
//
//go:embed errors.md
var Errors string
