package gosrc

import (
	"strings"
)

// Capitalize returns a name with a capital as its first letter.
func Capitalize(name string) string {
	for i, r := range name {
		return strings.ToUpper(string(r)) + name[i+len(string(r)):]
	}
	return name
}

// Uncapitalize returns a name with its first word in small letters: getUser for GetUser,
// url for URL, httpGet for HTTPGet.
func Uncapitalize(name string) string {
	words := Words(name)
	if len(words) == 0 || !strings.HasPrefix(name, words[0]) { // the name begins with an underscore
		return name
	}
	return strings.ToLower(words[0]) + name[len(words[0]):]
}

// Words returns the words of a camel-case name: HTTP, Get and User of HTTPGetUser. There are
// none in a name of underscores.
func Words(name string) []string {
	runes := []rune(name)
	upper := func(i int) bool { return string(runes[i]) != strings.ToLower(string(runes[i])) }
	var out []string
	start := 0
	for i := 1; i <= len(runes); i++ {
		ends := i == len(runes) ||
			upper(i) && !upper(i-1) ||
			upper(i) && i+1 < len(runes) && !upper(i+1) && runes[i+1] != '_' ||
			runes[i] == '_'
		if ends {
			if w := strings.Trim(string(runes[start:i]), "_"); w != "" {
				out = append(out, w)
			}
			start = i
		}
	}
	return out
}
