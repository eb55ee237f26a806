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

	resil "github.com/resilgen/resilgen/runtime"
)

// Bounds of what is shown, in characters.
const (
	maxError = 400
	maxKey   = 100
)

// A printer turns values of the program, errors and keys, into text that may be shown. Their
// methods may panic, end the goroutine, hang or be slow, and what they say may hold secrets.
type printer struct {
	redact   func(string) string // nil for none
	accounts sync.Map            // reflect.Type → *account, of types that were asked for a text
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
	if v == nil {
		return "<nil>", true
	}
	r := reflect.ValueOf(v)
	if r.NumMethod() > 0 {
		return "", false
	}
	switch r.Kind() {
	case reflect.String:
		return r.String(), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

// Bounds of the time that values of one type may cost.
const (
	patience  = 200 * time.Millisecond // for one text
	allTexts  = time.Second            // for all texts within allWithin; then no more are asked for
	allWithin = 5 * time.Second
	hangAgain = time.Minute // after a text that did not come, until another is asked for
	maxHung   = 3           // texts that may hang at once; then no more are asked for
)

// noText says of a value that its text has not come.
const noText = "gives no text in time"

// An account is what texts of values of a type have cost. An error may hang only because of
// one that it wraps, so that its type is asked again later.
type account struct {
	mu     sync.Mutex
	hung   int // goroutines that have not come back
	hungAt time.Time
	since  time.Time
	spent  time.Duration
}

// mayAsk reports whether another text may be asked for, and if not, why.
func (a *account) mayAsk(now time.Time) (ok bool, why string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.hung >= maxHung || a.hung > 0 && now.Sub(a.hungAt) < hangAgain {
		return false, noText
	}
	if now.Sub(a.since) >= allWithin {
		a.since, a.spent = now, 0
	}
	return a.spent < allTexts, "is too slow to give all texts"
}

// isFull reports whether as many texts hang as may.
func (a *account) isFull() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hung >= maxHung
}

// spend notes what a text has cost, and whether it has not come.
func (a *account) spend(now time.Time, took time.Duration, hung bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.spent += took
	if hung {
		a.hung, a.hungAt = a.hung+1, now
	}
}

// back notes that a text which did not come in time has come.
func (a *account) back() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hung--
}

// account returns that of a type.
func (p *printer) account(typ reflect.Type) *account {
	kept, known := p.accounts.Load(typ)
	if !known {
		kept, _ = p.accounts.LoadOrStore(typ, new(account))
	}
	return kept.(*account)
}

// ask has a value print itself.
func (p *printer) ask(v any) string {
	typ := reflect.TypeOf(v)
	a := p.account(typ)
	ok, why := a.mayAsk(time.Now())
	if ok {
		var text string
		text, why = a.ask(func() string {
			if err, ok := v.(error); ok {
				return err.Error()
			} else if s, ok := v.(fmt.Stringer); ok {
				return s.String()
			}
			return fmt.Sprint(v)
		})
		if why == "" {
			return text
		}
	}
	return fmt.Sprintf("(%s %s)", typ, why)
}

// keyText is the text by which other processes know a key. why says why there is none; it is
// empty otherwise. Unlike what is shown, it is asked for while others of its type are slow:
// somebody acts on this key.
func (p *printer) keyText(key any) (text, why string) {
	a := p.account(reflect.TypeOf(key))
	if a.isFull() {
		return "", noText
	}
	return a.ask(func() string { return resil.KeyText(key) })
}

// ask calls say, which may panic or hang, on a goroutine of its own. why says why there is no
// text; it is empty otherwise.
func (a *account) ask(say func() string) (text, why string) {
	began := time.Now()
	said := make(chan struct{})
	late := make(chan struct{})
	var given, failed string
	go func() {
		failed = "ended the goroutine when it was asked for its text"
		defer func() {
			if recover() != nil {
				failed = "panics when it is asked for its text"
			}
			select {
			case said <- struct{}{}:
			case <-late:
				a.back()
			}
		}()
		given = say()
		failed = ""
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-said:
		a.spend(began, time.Since(began), false)
		return given, failed
	case <-timer.C:
		a.spend(began, patience, true)
		close(late)
		return "", noText
	}
}

// secretName is a name in whose value nobody should look. The name may be part of a longer
// one: client_secret, DB_PASSWORD, accessToken.
const secretName = `(?i)((?:password|passwd|passphrase|pwd|secret|token|credential|(?:api|access|private|account|session)[_-]?(?:key|id))\\*["']?\s*[=:]\s*)`

// Secrets that errors are known to hold: passwords and queries of URLs and data source names,
// values of names that say so, and what stands in headers that authorize.
var secrets = []struct {
	pattern *regexp.Regexp
	shown   string
}{
	{regexp.MustCompile(`(://)[^/\s"']*@`), "${1}…@"},
	{regexp.MustCompile(`(://)[^/\s"':@]*:[^/\s"']*[^/\s"'0-9][^\s"']*@`), "${1}…@"}, // a slash in the password
	{regexp.MustCompile(`(invalid port )\\*".*?" after host`), `${1}"…" after host`}, // what url.Parse makes of one
	{regexp.MustCompile(`([^/\s"':@]+:)[^\s"']*@(tcp|tcp4|tcp6|udp|unix)\(`), "${1}…@${2}("},
	{regexp.MustCompile(`(://[^\s"'?]*\?)[^\s"']+`), "${1}…"},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "${1} …"},
	{regexp.MustCompile(`(?i)(authorization\\*["']?\s*[=:]\s*[\["'\\]*(?:[\w-]+ +)?)[^\s"'\]]+`), "${1}…"},
	{regexp.MustCompile(`(?i)(cookie\\*["']?\s*[=:]\s*[\["'\\]*)[^\s"'\];=]+=[^"'\]\r\n]*`), "${1}…"},
	{regexp.MustCompile(secretName + `(")(?:[^"\\]|\\.)*`), "${1}${2}…"},
	{regexp.MustCompile(secretName + `(\\+")(?:[^"\\]|\\+[^"\\])*`), "${1}${2}…"},
	{regexp.MustCompile(secretName + `(')(?:[^'\\]|\\.)*`), "${1}${2}…"},
	{regexp.MustCompile(secretName + `[^\s"'\\,;&][^\s,;&]*`), "${1}…"},
	{regexp.MustCompile(`\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?`), "…"},
}

// clean takes secrets out of a text.
func (p *printer) clean(text string) (cleaned string) {
	text = cut(text)
	if strings.ContainsAny(text, ":=@. ") { // all secrets have one of these
		for _, s := range secrets {
			text = s.pattern.ReplaceAllString(text, s.shown)
		}
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

// cut leaves out what is far beyond the bounds and not shown anyway. A password whose end is
// cut off could not be told from a path, so a last word that may hold one ends at its colon.
func cut(text string) string {
	const most = 16 * maxError
	if len(text) <= most {
		return text
	}
	text = text[:most]
	word := strings.LastIndexAny(text, " \t\r\n\"'") + 1
	if colon := strings.IndexByte(text[word:], ':'); colon >= 0 {
		return text[:word+colon+1] + "…"
	}
	return text
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
