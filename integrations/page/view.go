package resilpage

import (
	"bytes"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

//go:embed assets
var assets embed.FS

// files are the assets that the page refers to, by the name in its links.
var files = map[string]struct{ typ, text string }{
	"page.css": {"text/css; charset=utf-8", asset("page.css")},
	"page.js":  {"text/javascript; charset=utf-8", asset("page.js")},
	"icon.svg": {"image/svg+xml", asset("icon.svg")},
}

func asset(name string) string {
	text, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// versioned is the link to an asset, which changes with it.
func versioned(name string) string {
	return "?get=" + name + "&v=" + hash(files[name].text)
}

func hash(text string) string {
	sum := fnv.New64a()
	sum.Write([]byte(text))
	return hex.EncodeToString(sum.Sum(nil))
}

func serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	file, ok := files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if "?"+r.URL.RawQuery == versioned(name) {
		w.Header().Set("Cache-Control", "max-age=31536000, immutable")
	}
	w.Header().Set("Content-Type", file.typ)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(file.text))
}

var templates = template.Must(template.New("page").Funcs(template.FuncMap{
	"asset":     versioned,
	"spark":     newSpark,
	"secs":      func(s float64) string { return duration(time.Duration(s * float64(time.Second))) },
	"number":    number,
	"count":     func(n any, thing string) string { return count(toUint(n), thing) },
	"percent":   percent,
	"share":     func(part, whole float64) string { return percent(uint64(part*1000), uint64(whole*1000)) },
	"rate":      func(n uint64, seconds int) string { return perSecond(float64(n) / float64(max(seconds, 1))) },
	"perSecond": perSecond,
	"now":       newest,
	"lately":    func(seconds int) string { return lately(float32(seconds)) },
	"each":      attemptsPerCall,
	"ago":       ago,
	"pretty":    pretty,
	"at":        clock,
	"stamp":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"upper":     capital,
	"keys":      keyCounts,
	"targets": func(o map[string]map[string]string) (n int) {
		for _, policies := range o {
			n += len(policies)
		}
		return n
	},
	"others":  others,
	"few":     few,
	"notSent": notSent,
	"guards":  guards,
	"since":   since,
	"after":   func(why string) bool { return strings.HasPrefix(why, "after ") },
	"ordered": ordered,
	"isKeyed": func(c clientView) bool {
		return slices.ContainsFunc(c.Breakers, func(b BreakerState) bool { return b.Keyed })
	},
	"lastFleet": func(clients []ClientState) (most int) {
		for i := range clients {
			if f := clients[i].Fleet; f != nil {
				most = max(most, f.Processes)
			}
		}
		return most
	},
	"plus":    func(a, b uint64) uint64 { return a + b },
	"grouped": func(n int) string { return number(uint64(n)) },
	"pair":    func(c clientView, b BreakerState) keyView { return keyView{c, b} },
	"example": exampleOverride,
	"version": version,
}).ParseFS(assets, "assets/*.html"))

func toUint(n any) uint64 {
	switch n := n.(type) {
	case int:
		return uint64(n)
	case uint64:
		return n
	}
	return 0
}

// A view is a page to write.
type view struct {
	*State
	Filter  string
	Refresh int     // seconds; 0 for none
	Failed  *failed // an action that has failed

	Clients []clientView // in place of the state's
}

// A clientView is a client to write.
type clientView struct {
	ClientState
	At         time.Time
	CanAct     bool
	TokenField bool
	Failed     *failed // an action on this client
	Filtered   bool
}

// A keyView is the keys of a breaker to write.
type keyView struct {
	Client  clientView
	Breaker BreakerState
}

// A failed action is shown with what was written.
type failed struct {
	Client    string
	Error     string
	Overrides string
}

func (p *Page) clientViews(state *State, f *failed, filtered bool) (views []clientView) {
	for _, c := range state.Clients {
		v := clientView{ClientState: c, At: state.At, CanAct: p.options.authorize != nil, TokenField: p.options.tokenField, Filtered: filtered}
		if f != nil && f.Client == c.ID {
			v.Failed = f
		}
		views = append(views, v)
	}
	return views
}

// writePage answers with the page.
func (p *Page) writePage(w http.ResponseWriter, status int, v view) {
	v.Clients = p.clientViews(v.State, v.Failed, v.Filter != "")
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "page.html", v); err != nil {
		http.Error(w, "The page cannot be written: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// templated are the parts of the page.
func (p *Page) templated(state *State) parts {
	all := parts{Title: title(state), At: clock(state.At), Status: state.Status, Order: []string{}, HTML: map[string]string{}}
	execute := func(id, name string, data any) {
		var b strings.Builder
		if err := templates.ExecuteTemplate(&b, name, data); err != nil {
			b.Reset()
			b.WriteString(template.HTMLEscapeString(err.Error()))
		}
		all.HTML[id] = b.String()
	}
	execute("head", "head.html", state)
	execute("record", "record.html", state)
	for _, c := range p.clientViews(state, nil, false) {
		all.Order = append(all.Order, c.ID)
		execute(c.ID, "client.html", c)
	}
	return all
}

// title is the title of the window.
func title(s *State) string { return s.Summary + " – " + s.Title }

// Title is the title of the window.
func (v view) Title() string { return title(v.State) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// refresh reads after how many seconds the page is to be loaded again, 0 for never.
func refresh(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 3600 {
		return 0
	}
	return n
}

// capital makes the first letter of a sentence large.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 || first == utf8.RuneError {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// perSecond writes a number of calls a second.
func perSecond(rate float64) string {
	switch {
	case rate == 0:
		return "0"
	case rate < 0.1:
		return "< 0.1"
	case rate < 10:
		return fmt.Sprintf("%.1f", rate)
	default:
		return number(uint64(rate + 0.5))
	}
}

// newest is what happens now: the mean of the last two points, as far as they are known.
func newest(r Recent) (p Point) {
	last := r.Line[len(r.Line)-2:]
	if r.Seconds <= int(bucketTime.Seconds()) {
		last = last[1:]
	}
	for _, l := range last {
		p.Calls += l.Calls / float64(len(last))
		p.Failed += l.Failed / float64(len(last))
		p.Refused += l.Refused / float64(len(last))
	}
	return p
}

// notSent says which guards have kept calls from the callee.
func notSent(outcomes map[string]uint64) string {
	var guards []string
	for _, g := range []struct{ outcome, words string }{{"open", "breaker open"}, {"limited", "rate limit"}, {"full", "bulkhead full"}} {
		if outcomes[g.outcome] > 0 {
			guards = append(guards, g.words)
		}
	}
	return strings.Join(guards, ", ")
}

// guards says what guards a client has, and what they are kept by.
func guards(c clientView) string {
	var parts []string
	if len(c.Breakers) == 1 && c.Breakers[0].Keyed {
		b := &c.Breakers[0]
		parts = append(parts, fmt.Sprintf("breakers for %s (per=%s)", count(b.Keys, "key"), b.Per))
	} else if len(c.Breakers) > 0 {
		parts = append(parts, count(len(c.Breakers), "breaker"))
	}
	if n := len(c.Limits); n > 0 {
		parts = append(parts, count(n, "limit"))
	}
	if n := len(c.Bulkheads); n > 0 {
		parts = append(parts, count(n, "bulkhead"))
	}
	if len(parts) == 0 {
		return "no guards"
	}
	return strings.Join(parts, ", ")
}

// since is a time of day, with its date where that is not today's.
func since(now, at time.Time) string {
	if now.UTC().Format(time.DateOnly) != at.UTC().Format(time.DateOnly) {
		return at.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return clock(at)
}

// attemptsPerCall is how many attempts a call makes, without those that are refused at once.
func attemptsPerCall(r Recent) string {
	if calls := r.Calls - r.Refused; r.Attempts > 0 && calls > 0 {
		return fmt.Sprintf("%.2f", float64(r.Attempts)/float64(calls))
	}
	return "–"
}

// ago says how long ago something was.
func ago(now, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return duration(max(now.Sub(at), time.Second)) + " ago"
}

// pretty is JSON for people.
func pretty(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// keyCounts says how many keys are in which state.
func keyCounts(b BreakerState) string {
	parts := []string{count(b.Keys, "key")}
	for _, state := range []string{"open", "forced-open", "half-open", "forced-closed"} {
		if n := b.KeyStates[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", number(uint64(n)), state))
		}
	}
	return strings.Join(parts, ", ")
}

// others lists how the calls of a time ended, but for successes.
func others(outcomes map[string]uint64) string {
	var parts []string
	for _, name := range []string{"failed", "exhausted", "timed out", "deadline", "budget", "later", "open", "limited", "full", "canceled", "panicked"} {
		if n := outcomes[name]; n > 0 {
			if name == "failed" {
				name = "ended with an error of the backend" // such as not found
			}
			parts = append(parts, number(n)+" "+name)
		}
	}
	return strings.Join(parts, ", ")
}

// exampleOverride is what a user who has no overrides begins with.
func exampleOverride(c clientView) string {
	name, policy := c.Name, map[string]string{"retry": "attempts=1"}
	for _, b := range c.Breakers {
		name, policy = b.Name, map[string]string{"breaker": "open=30s"}
	}
	return pretty(map[string]map[string]string{name: policy})
}
