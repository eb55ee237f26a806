package resilpage

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is shown, in characters.
const (
	maxError = 400
	maxKey   = 100
)

// patience is how long a method of a key or an error may take to give its text.
const patience = 200 * time.Millisecond

// A printer turns values of the program, errors and keys, into text that may be shown. Their
// methods may panic, end the goroutine or hang, and what they say may hold secrets.
type printer struct {
	redact func(string) string // nil for none
	stuck  sync.Map            // types whose text did not come in time, and that are not asked again
}

// error returns the text of an error, "" for nil.
func (p *printer) error(err error) string {
	if err == nil {
		return ""
	}
	return p.text(err, maxError)
}

// key returns the text of a key.
func (p *printer) key(key any) string { return p.text(key, maxKey) }

func (p *printer) text(v any, limit int) string {
	text, ok := plain(v)
	if !ok {
		text = p.ask(v)
	}
	return shorten(p.clean(text), limit)
}

// plain is the text of values that have no methods of their own.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

// ask has a value print itself, on a goroutine of its own.
func (p *printer) ask(v any) string {
	typ := reflect.TypeOf(v)
	if _, stuck := p.stuck.Load(typ); stuck {
		return fmt.Sprintf("(%s gives no text in time)", typ)
	}
	said := make(chan string, 1)
	go func() {
		text := fmt.Sprintf("(%s ended the goroutine when it was asked for its text)", typ)
		defer func() {
			if recover() != nil {
				text = fmt.Sprintf("(%s panics when it is asked for its text)", typ)
			}
			said <- text
		}()
		if err, ok := v.(error); ok {
			text = err.Error()
		} else if s, ok := v.(fmt.Stringer); ok {
			text = s.String()
		} else {
			text = fmt.Sprint(v)
		}
	}()
	select {
	case text := <-said:
		return text
	case <-time.After(patience):
		p.stuck.Store(typ, nil)
		return fmt.Sprintf("(%s gives no text in time)", typ)
	}
}

// Secrets that errors are known to hold: passwords and queries of URLs, and what stands in
// headers that authorize.
var secrets = []struct {
	pattern *regexp.Regexp
	shown   string
}{
	{regexp.MustCompile(`(://)[^/\s"'@]*@`), "${1}…@"},
	{regexp.MustCompile(`(://[^\s"'?]*\?)[^\s"']+`), "${1}…"},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "${1} …"},
	{regexp.MustCompile(`(?i)\b(password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key)("?\s*[=:]\s*"?)[^\s"',;&]+`), "${1}${2}…"},
}

// clean takes secrets out of a text.
func (p *printer) clean(text string) (cleaned string) {
	if len(text) > 16*maxError { // what is far beyond the bound is not shown anyway
		text = text[:16*maxError]
	}
	for _, s := range secrets {
		text = s.pattern.ReplaceAllString(text, s.shown)
	}
	if p.redact == nil {
		return text
	}
	defer func() {
		if recover() != nil {
			cleaned = "(not shown: the function of WithRedact panics)"
		}
	}()
	return p.redact(text)
}

// shorten makes one line of a text, without what cannot be seen or changes the order of
// others, and of so many characters at most.
func shorten(text string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > limit {
			b.WriteRune('…')
			break
		}
		switch {
		case r == utf8.RuneError:
			b.WriteRune('\uFFFD')
		case unicode.IsSpace(r):
			b.WriteRune(' ')
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}
