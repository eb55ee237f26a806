package emit

import (
	"strings"

	"github.com/dave/jennifer/jen"
)

// commentWidth is the length of a line of a comment.
const commentWidth = 80

// comment writes paragraphs as a doc comment, each broken over lines. There is none
// without text.
func comment(paragraphs ...string) *jen.Statement {
	var lines []string
	for _, paragraph := range paragraphs {
		if paragraph == "" {
			continue
		}
		if len(lines) > 0 {
			lines = append(lines, "//")
		}
		line := "//"
		for _, word := range strings.Fields(paragraph) {
			if len(line)+1+len(word) > commentWidth && line != "//" {
				lines = append(lines, line)
				line = "//"
			}
			line += " " + word
		}
		lines = append(lines, line)
	}
	code := jen.Null()
	for _, line := range lines {
		code.Comment(line).Line()
	}
	return code
}
